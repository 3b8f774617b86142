//! Waiting, in a step's body, for what happens outside: a WASI pollable, or time.
//!
//! What waits here lets the other branches run. `wasi:io/poll` and [`std::thread::sleep`] work in
//! a step too, but they hold the whole handler up until they return.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

pub use wasip2::io::poll::Pollable;

use crate::bindings::io as host;
use crate::executor;

thread_local! {
    static WAITING: RefCell<BTreeMap<u32, Waiting>> = const { RefCell::new(BTreeMap::new()) };
    static LAST: Cell<u32> = const { Cell::new(0) };
}

/// Who waits for what.
struct Waiting {
    pollable: Pollable,
    /// None once the pollable is ready.
    waker: Option<Waker>,
}

/// Waits until `pollable` is ready.
///
/// ```no_run
/// # async fn body() {
/// let pollable = wasip2::clocks::monotonic_clock::subscribe_duration(1_000_000);
/// durabox_sdk::io::ready(pollable).await;
/// # }
/// ```
pub async fn ready(pollable: Pollable) {
    if pollable.ready() {
        return;
    }
    let registration = Registration::new(pollable);
    poll_fn(|cx| registration.poll(cx)).await;
}

/// Lets time pass in a step's body without holding up other branches: virtual time in a local run,
/// unless a request is under way. Between operations it is refused; there `ctx.wait` is the way.
///
/// ```no_run
/// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
/// ctx.step(|_| async {
///     durabox_sdk::io::sleep(std::time::Duration::from_millis(200)).await;
///     Ok(())
/// })
/// .name("settle")
/// .await?;
/// # Ok(()) }
/// ```
pub async fn sleep(duration: Duration) {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    ready(wasip2::clocks::monotonic_clock::subscribe_duration(nanos)).await;
}

/// A pollable that the executor parks on, until this is dropped.
struct Registration(u32);

impl Registration {
    fn new(pollable: Pollable) -> Self {
        executor::park_with(park);
        let id = LAST.get() + 1;
        LAST.set(id);
        WAITING.with_borrow_mut(|waiting| waiting.insert(id, Waiting { pollable, waker: Some(Waker::noop().clone()) }));
        Self(id)
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let (poll, previous) = WAITING.with_borrow_mut(|waiting| {
            match waiting.get_mut(&self.0).and_then(|waiting| waiting.waker.as_mut()) {
                Some(waker) if waker.will_wake(cx.waker()) => (Poll::Pending, None),
                Some(waker) => (Poll::Pending, Some(std::mem::replace(waker, cx.waker().clone()))),
                None => (Poll::Ready(()), None),
            }
        });
        // A waker may come back here when it is dropped.
        drop(previous);
        poll
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let waiting = WAITING.with_borrow_mut(|waiting| waiting.remove(&self.0));
        drop(waiting);
    }
}

/// Parks on all pollables that are waited for, if there are any.
fn park() -> Option<Vec<u32>> {
    let (operations, wakers) = WAITING.with_borrow_mut(|waiting| {
        let (mut parked, pollables): (Vec<_>, Vec<_>) = waiting
            .values_mut()
            .filter(|waiting| waiting.waker.is_some())
            .map(|waiting| (&mut waiting.waker, &waiting.pollable))
            .unzip();
        if pollables.is_empty() {
            return None;
        }
        let woken = host::wait_any_or(&pollables);
        let wakers: Vec<_> =
            woken.pollables.into_iter().filter_map(|index| parked.get_mut(index as usize)?.take()).collect();
        Some((woken.operations, wakers))
    })?;
    for waker in wakers {
        waker.wake();
    }
    Some(operations)
}
