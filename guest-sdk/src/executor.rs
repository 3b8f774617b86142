//! A first-in, first-out executor on one thread. It parks on the host's `wait-any`, or where
//! [`crate::io`] has it park.
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

/// A spawned task: its place in `TASKS`, from 1.
pub(crate) type TaskId = u32;

const ROOT: TaskId = 0;

thread_local! {
    static QUEUE: RefCell<VecDeque<TaskId>> = const { RefCell::new(VecDeque::new()) };
    static TASKS: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
    /// Who waits for which operation, by its handle.
    static PARKED: RefCell<Vec<Option<Waker>>> = const { RefCell::new(Vec::new()) };
    /// Who waits for everything else to come to rest, by the handle of a batch.
    static IDLE: RefCell<BTreeMap<u32, Waker>> = const { RefCell::new(BTreeMap::new()) };
    /// Spawned operations that were dropped before their end since the handler was last polled.
    static LEFT: RefCell<Vec<Left>> = const { RefCell::new(Vec::new()) };
    static SUSPENDED: Cell<bool> = const { Cell::new(false) };
    /// How to park while step bodies wait for something outside.
    static REACTOR: Cell<Option<Reactor>> = const { Cell::new(None) };
}

/// Blocks until something is new, wakes who waits outside, and returns the operations that have
/// something new; `None` without blocking if nobody waits outside.
pub(crate) type Reactor = fn() -> Option<Vec<u32>>;

/// What became of a task. The place of one that is over is not used again.
enum Slot {
    Waiting(Task),
    /// It is being polled.
    Out,
    /// It has ended, or was aborted.
    Over,
}

/// Returns the place of a task.
fn slot(tasks: &mut [Slot], id: TaskId) -> Option<&mut Slot> {
    tasks.get_mut((id - 1) as usize)
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
    let left = TASKS.take();
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
        match park_all() {
            Woken::Ready(operations) => operations.into_iter().for_each(unpark),
            Woken::Idle => wake_innermost(),
            Woken::Suspended => {
                SUSPENDED.set(true);
                return None;
            }
        }
    }
}

/// Blocks until something is new.
fn park_all() -> Woken {
    match REACTOR.get().and_then(|reactor| reactor()) {
        Some(operations) => Woken::Ready(operations),
        None => host::wait_any(IDLE.with_borrow(|idle| !idle.is_empty())),
    }
}

/// Sets how to park while something outside is waited for. Set when the first body waits, so that
/// a handler whose bodies never do imports nothing for it.
pub(crate) fn park_with(reactor: Reactor) {
    REACTOR.set(Some(reactor));
}

fn poll_task(id: TaskId) {
    let Some(mut task) = take_out(id) else { return };
    task.signal.queued.store(false, Ordering::Relaxed);
    scope::enter(task.scope);
    let waker = Waker::from(Arc::clone(&task.signal));
    let poll = task.future.as_mut().poll(&mut Context::from_waker(&waker));
    let over = TASKS.with_borrow_mut(|tasks| match (slot(tasks, id), poll) {
        (Some(place @ Slot::Out), Poll::Pending) => {
            *place = Slot::Waiting(task);
            None
        }
        (Some(place), _) => {
            *place = Slot::Over;
            Some(task)
        }
        (None, _) => Some(task),
    });
    drop(over);
}

/// Takes a task to poll it; `None` if it is over.
fn take_out(id: TaskId) -> Option<Task> {
    TASKS.with_borrow_mut(|tasks| {
        let place = slot(tasks, id)?;
        match std::mem::replace(place, Slot::Over) {
            Slot::Waiting(task) => {
                *place = Slot::Out;
                Some(task)
            }
            other => {
                *place = other;
                None
            }
        }
    })
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
    let future = Box::pin(future);
    TASKS.with_borrow_mut(|tasks| {
        let id = tasks.len() as TaskId + 1;
        tasks.push(Slot::Waiting(Task { scope, future, signal: Signal::queued(id) }));
        id
    })
}

/// Drops a task, if it has not ended.
pub(crate) fn abort(id: TaskId) {
    let over = TASKS.with_borrow_mut(|tasks| Some(std::mem::replace(slot(tasks, id)?, Slot::Over)));
    drop(over);
}

/// Lets `waker` be woken when the host has something new for `operation`.
pub(crate) fn park(operation: u32, waker: &Waker) {
    let previous = PARKED.with_borrow_mut(|parked| {
        let place = operation as usize;
        if parked.len() <= place {
            parked.resize(place + 1, None);
        }
        parked[place].replace(waker.clone())
    });
    drop(previous);
}

/// Whether `operation` is parked still, so that the host has nothing new; `waker` replaces the one it had.
pub(crate) fn is_parked(operation: u32, waker: &Waker) -> bool {
    let mut previous = None;
    PARKED.with_borrow_mut(|parked| match parked.get_mut(operation as usize) {
        Some(Some(known)) => {
            if !known.will_wake(waker) {
                previous = Some(std::mem::replace(known, waker.clone()));
            }
            true
        }
        Some(None) | None => false,
    })
}

/// Forgets who waits for `operation`.
pub(crate) fn forget(operation: u32) {
    drop(unparked(operation));
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
    if let Some(waker) = unparked(operation) {
        waker.wake();
    }
}

/// Takes out who waits for `operation`.
fn unparked(operation: u32) -> Option<Waker> {
    PARKED.with_borrow_mut(|parked| parked.get_mut(operation as usize).and_then(Option::take))
}
