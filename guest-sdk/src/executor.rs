//! A first-in, first-out executor on one thread. It parks on the host's `wait-any`.
//!
//! No borrow of the executor's state is held while a future or a waker runs or is dropped: either
//! may come back here.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::bindings::host::{self, Wake as Woken};
use crate::operation::Place;
use crate::scope;

/// A spawned task; never reused.
pub(crate) type TaskId = u32;

const ROOT: TaskId = 0;

thread_local! {
    static QUEUE: RefCell<VecDeque<TaskId>> = const { RefCell::new(VecDeque::new()) };
    static TASKS: RefCell<Tasks> = const { RefCell::new(Tasks { last: ROOT, waiting: BTreeMap::new() }) };
    /// Who waits for which operation.
    static PARKED: RefCell<BTreeMap<u32, Waker>> = const { RefCell::new(BTreeMap::new()) };
    /// Who waits for everything else to come to rest, by the handle of a batch.
    static IDLE: RefCell<BTreeMap<u32, Waker>> = const { RefCell::new(BTreeMap::new()) };
    /// Spawned operations that were dropped before their end since the handler was last polled.
    static LEFT: RefCell<Vec<Left>> = const { RefCell::new(Vec::new()) };
    static SUSPENDED: Cell<bool> = const { Cell::new(false) };
}

struct Tasks {
    last: TaskId,
    /// All tasks but the one being polled, which is out.
    waiting: BTreeMap<TaskId, Option<Task>>,
}

struct Task {
    scope: u32,
    future: Pin<Box<dyn Future<Output = ()>>>,
    signal: Arc<Signal>,
}

struct Signal {
    task: TaskId,
    queued: AtomicBool,
}

impl Signal {
    /// Returns a task's signal, with the task in the queue.
    fn queued(task: TaskId) -> Arc<Self> {
        QUEUE.with_borrow_mut(|queue| queue.push_back(task));
        Arc::new(Self { task, queued: AtomicBool::new(true) })
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::Relaxed) {
            QUEUE.with_borrow_mut(|queue| queue.push_back(self.task));
        }
    }
}

/// Runs `root` to its end and returns its output; `None` when the host suspends the invocation.
/// Drops all that is left either way.
pub(crate) fn run<F: Future>(root: F) -> Option<F::Output> {
    let output = {
        let root = pin!(root);
        drive(root)
    };
    let left = TASKS.with_borrow_mut(|tasks| std::mem::take(&mut tasks.waiting));
    drop(left);
    output
}

fn drive<F: Future>(mut root: Pin<&mut F>) -> Option<F::Output> {
    let signal = Signal::queued(ROOT);
    let waker = Waker::from(Arc::clone(&signal));
    loop {
        while let Some(id) = QUEUE.with_borrow_mut(VecDeque::pop_front) {
            if id != ROOT {
                poll_task(id);
                continue;
            }
            signal.queued.store(false, Ordering::Relaxed);
            scope::enter(0);
            LEFT.take();
            if let Poll::Ready(output) = root.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(output);
            }
        }
        match host::wait_any(IDLE.with_borrow(|idle| !idle.is_empty())) {
            Woken::Ready(operations) => operations.into_iter().for_each(unpark),
            Woken::Idle => wake_innermost(),
            Woken::Suspended => {
                SUSPENDED.set(true);
                return None;
            }
        }
    }
}

fn poll_task(id: TaskId) {
    let task = TASKS.with_borrow_mut(|tasks| tasks.waiting.get_mut(&id).and_then(Option::take));
    let Some(mut task) = task else { return };
    task.signal.queued.store(false, Ordering::Relaxed);
    scope::enter(task.scope);
    let waker = Waker::from(Arc::clone(&task.signal));
    let poll = task.future.as_mut().poll(&mut Context::from_waker(&waker));
    let over = TASKS.with_borrow_mut(|tasks| {
        if poll.is_ready() {
            tasks.waiting.remove(&id);
            return Some(task);
        }
        // Absent when the task was aborted while it ran.
        match tasks.waiting.get_mut(&id) {
            Some(place) => {
                *place = Some(task);
                None
            }
            None => Some(task),
        }
    });
    drop(over);
}

/// A spawned operation that nobody waited for.
pub(crate) struct Left {
    pub(crate) name: Option<String>,
    pub(crate) site: &'static Location<'static>,
}

/// Notes that a spawned operation is dropped before its end.
pub(crate) fn left_running(place: &Place) {
    LEFT.with_borrow_mut(|left| left.push(Left { name: place.name.clone(), site: place.site }));
}

/// Takes the spawned operations that the handler left running when it returned.
pub(crate) fn take_left() -> Vec<Left> {
    LEFT.take()
}

/// Starts a task whose code belongs to `scope`.
pub(crate) fn spawn(scope: u32, future: impl Future<Output = ()> + 'static) -> TaskId {
    let id = TASKS.with_borrow_mut(|tasks| {
        tasks.last += 1;
        tasks.last
    });
    let task = Task { scope, future: Box::pin(future), signal: Signal::queued(id) };
    TASKS.with_borrow_mut(|tasks| tasks.waiting.insert(id, Some(task)));
    id
}

/// Drops a task, if it has not ended.
pub(crate) fn abort(id: TaskId) {
    let task = TASKS.with_borrow_mut(|tasks| tasks.waiting.remove(&id));
    drop(task);
}

/// Lets `waker` be woken when the host has something new for `operation`.
pub(crate) fn park(operation: u32, waker: &Waker) {
    let previous = PARKED.with_borrow_mut(|parked| parked.insert(operation, waker.clone()));
    drop(previous);
}

/// Whether `operation` is parked still, so that the host has nothing new; `waker` replaces the one it had.
pub(crate) fn is_parked(operation: u32, waker: &Waker) -> bool {
    let mut previous = None;
    PARKED.with_borrow_mut(|parked| match parked.get_mut(&operation) {
        Some(known) => {
            if !known.will_wake(waker) {
                previous = Some(std::mem::replace(known, waker.clone()));
            }
            true
        }
        None => false,
    })
}

/// Forgets who waits for `operation`.
pub(crate) fn forget(operation: u32) {
    let waker = PARKED.with_borrow_mut(|parked| parked.remove(&operation));
    drop(waker);
}

/// Waits until nothing goes on in this invocation but what waits for the service, and for batches
/// around `batch`.
pub(crate) async fn idle(batch: u32) {
    let _registered = Registered(batch);
    let mut asked = false;
    poll_fn(|cx| {
        if asked && IDLE.with_borrow(|idle| !idle.contains_key(&batch)) {
            return Poll::Ready(());
        }
        asked = true;
        let previous = IDLE.with_borrow_mut(|idle| idle.insert(batch, cx.waker().clone()));
        drop(previous);
        Poll::Pending
    })
    .await;
}

/// Takes a batch's waiting back when it ends otherwise.
struct Registered(u32);

impl Drop for Registered {
    fn drop(&mut self) {
        let waker = IDLE.with_borrow_mut(|idle| idle.remove(&self.0));
        drop(waker);
    }
}

/// Lets the innermost batch that waits for rest go on: its handle is the highest.
fn wake_innermost() {
    let innermost = IDLE.with_borrow_mut(BTreeMap::pop_last);
    if let Some((_, waker)) = innermost {
        waker.wake();
    }
}

/// Whether the host has suspended the invocation, after which it is not called.
pub(crate) fn is_suspended() -> bool {
    SUSPENDED.get()
}

fn unpark(operation: u32) {
    let waker = PARKED.with_borrow_mut(|parked| parked.remove(&operation));
    if let Some(waker) = waker {
        waker.wake();
    }
}
