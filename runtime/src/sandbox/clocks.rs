//! The guest's clocks and sleeps: recorded time for handler code, the invocation's clock for steps.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use durabox_engine::replay::Scope;
use tokio::sync::Notify;
use tokio::time::Instant;
use wasmtime::component::Resource;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock::{self, Duration as Nanos, Instant as Ticks};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::{self, Datetime};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::host::Host;
use super::report::Ambient;
use super::stop::Stop;
use crate::clock::{Clock, nanos};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// What the monotonic clock shows when the execution starts: a day, because a machine has been
/// up for a while and handlers ask what was an hour ago.
const UPTIME: u64 = 24 * 3600 * NANOS_PER_SECOND;

impl Host {
    /// Returns the time that the running code may know, nanoseconds since the epoch.
    fn time(&self) -> u64 {
        match self.replay.scope() {
            Scope::Handler { .. } => nanos(self.replay.now()),
            Scope::Step { .. } => self.clock.now_nanos(),
        }
    }

    /// Returns the same time on the monotonic clock.
    fn instant(&mut self) -> u64 {
        let instant = self.time().saturating_sub(nanos(self.execution_start)).saturating_add(UPTIME);
        match self.replay.scope() {
            Scope::Handler { .. } => instant,
            // The machine's wall clock may be set back.
            Scope::Step { .. } => {
                self.latest_instant = self.latest_instant.max(instant);
                self.latest_instant
            }
        }
    }

    fn sleep(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let sleep = if duration == 0 {
            Sleep::Over
        } else if let Scope::Handler { .. } = self.replay.scope() {
            let duration = Duration::from_nanos(duration);
            return Err(Stop::refused(format!(
                "the handler slept for {duration:?} outside a step: between operations time passes with `ctx.wait`, \
                 which suspends the execution and is recorded"
            ))
            .into());
        } else if self.clock.is_virtual() {
            let deadline = self.clock.now_nanos().saturating_add(duration);
            let wall = Instant::now().checked_add(Duration::from_nanos(duration));
            Sleep::Virtual { deadline, wall, clock: self.clock.clone(), sleeps: Arc::clone(&self.sleeps) }
        } else {
            match Instant::now().checked_add(Duration::from_nanos(duration)) {
                Some(deadline) => Sleep::Real(deadline),
                None => Sleep::Endless,
            }
        };
        let sleep = self.table.push(sleep)?;
        subscribe(&mut self.table, sleep)
    }
}

impl wall_clock::Host for Host {
    fn now(&mut self) -> wasmtime::Result<Datetime> {
        self.read(Ambient::WallClock)?;
        let time = self.time();
        Ok(Datetime { seconds: time / NANOS_PER_SECOND, nanoseconds: (time % NANOS_PER_SECOND) as u32 })
    }

    fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        Ok(Datetime { seconds: 0, nanoseconds: 1 })
    }
}

impl monotonic_clock::Host for Host {
    fn now(&mut self) -> wasmtime::Result<Ticks> {
        self.read(Ambient::MonotonicClock)?;
        Ok(self.instant())
    }

    fn resolution(&mut self) -> wasmtime::Result<Nanos> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, when: Ticks) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.instant();
        self.sleep(when.saturating_sub(now))
    }

    fn subscribe_duration(&mut self, duration: Nanos) -> wasmtime::Result<Resource<DynPollable>> {
        self.sleep(duration)
    }
}

/// What an invocation's virtual sleeps share.
pub(super) struct Sleeps {
    /// The earliest deadline that is waited for, `u64::MAX` if none.
    earliest: AtomicU64,
    /// When the invocation's own time is up, on its clock.
    limit: u64,
    timed_out: AtomicBool,
    /// Requests that somebody outside has not answered yet. While there are any, time does not jump.
    requests: AtomicUsize,
    /// Told when `requests` comes to 0.
    quiet: Notify,
}

impl Sleeps {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            earliest: AtomicU64::new(u64::MAX),
            limit,
            timed_out: AtomicBool::new(false),
            requests: AtomicUsize::new(0),
            quiet: Notify::new(),
        }
    }

    /// Keeps virtual time from jumping until the answer is there, which is when this is dropped.
    pub(super) fn request(self: &Arc<Self>) -> Request {
        self.requests.fetch_add(1, Ordering::Relaxed);
        Request(Arc::clone(self))
    }

    /// Whether a step slept past the end of the invocation's time.
    pub(super) fn timed_out(&self) -> bool {
        self.timed_out.load(Ordering::Relaxed)
    }
}

/// What a guest sleeps on.
enum Sleep {
    Over,
    /// `wall` is when it ends if requests are under way until then.
    Virtual {
        deadline: u64,
        wall: Option<Instant>,
        clock: Clock,
        sleeps: Arc<Sleeps>,
    },
    Real(Instant),
    Endless,
}

#[async_trait]
impl Pollable for Sleep {
    async fn ready(&mut self) {
        match self {
            Self::Over => {}
            Self::Virtual { deadline, wall, clock, sleeps } => sleeps.until(*deadline, *wall, clock).await,
            Self::Real(deadline) => tokio::time::sleep_until(*deadline).await,
            Self::Endless => std::future::pending().await,
        }
    }
}

impl Sleeps {
    /// Moves the clock to `deadline`, unless another sleep of the same wait ends earlier.
    ///
    /// While requests are under way it takes the time that it says, up to `wall`.
    async fn until(&self, deadline: u64, wall: Option<Instant>, clock: &Clock) {
        while clock.now_nanos() < deadline {
            let waited = self.requests_end(wall).await;
            self.earliest.fetch_min(deadline, Ordering::Relaxed);
            let _withdraw = Withdraw { sleeps: self, deadline };
            // All that one wait is for is polled before any of it is polled again.
            tokio::task::yield_now().await;
            if !waited && self.has_requests() {
                continue;
            }
            if self.earliest.load(Ordering::Relaxed) != deadline && clock.now_nanos() < deadline {
                return std::future::pending().await;
            }
            if deadline > self.limit {
                clock.advance_to_nanos(self.limit);
                self.timed_out.store(true, Ordering::Relaxed);
                return std::future::pending().await;
            }
            clock.advance_to_nanos(deadline);
        }
    }

    fn has_requests(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > 0
    }

    /// Waits until no request is under way, at most until `wall`; says whether that was reached.
    async fn requests_end(&self, wall: Option<Instant>) -> bool {
        while self.has_requests() {
            let mut quiet = pin!(self.quiet.notified());
            quiet.as_mut().enable();
            if !self.has_requests() {
                break;
            }
            let Some(wall) = wall else {
                quiet.await;
                continue;
            };
            if tokio::time::timeout_at(wall, quiet).await.is_err() {
                return true;
            }
        }
        false
    }
}

/// A request under way.
pub(super) struct Request(Arc<Sleeps>);

impl Drop for Request {
    fn drop(&mut self) {
        if self.0.requests.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.quiet.notify_waiters();
        }
    }
}

/// Takes a deadline back when its wait is over.
struct Withdraw<'a> {
    sleeps: &'a Sleeps,
    deadline: u64,
}

impl Drop for Withdraw<'_> {
    fn drop(&mut self) {
        let _ = self.sleeps.earliest.compare_exchange(self.deadline, u64::MAX, Ordering::Relaxed, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use durabox_model::Timestamp;

    use super::*;

    const SECOND: u64 = NANOS_PER_SECOND;

    /// Polls all sleeps in rounds, as a guest's `poll` does, until one is over; returns which are.
    fn wait(sleeps: &Sleeps, clock: &Clock, deadlines: &[u64]) -> Vec<u64> {
        let mut futures: Vec<_> = deadlines.iter().map(|&at| (at, Box::pin(sleeps.until(at, None, clock)))).collect();
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..3 {
            let over = futures.iter_mut().filter_map(|(at, future)| match future.as_mut().poll(&mut context) {
                Poll::Ready(()) => Some(*at),
                Poll::Pending => None,
            });
            let over: Vec<_> = over.collect();
            if !over.is_empty() {
                return over;
            }
        }
        Vec::new()
    }

    #[test]
    fn a_wait_on_several_sleeps_ends_with_the_earliest() {
        let clock = Clock::virtual_at(Timestamp::from_millis(0));
        let sleeps = Sleeps::new(u64::MAX);
        assert_eq!(wait(&sleeps, &clock, &[10 * SECOND, 5 * SECOND, 7 * SECOND]), [5 * SECOND]);
        assert_eq!(clock.now_nanos(), 5 * SECOND);
        assert_eq!(wait(&sleeps, &clock, &[10 * SECOND]), [10 * SECOND]);
        assert_eq!(clock.now_nanos(), 10 * SECOND);
    }

    #[test]
    fn a_sleep_that_is_only_looked_at_moves_nothing() {
        let clock = Clock::virtual_at(Timestamp::from_millis(0));
        let sleeps = Sleeps::new(u64::MAX);
        let mut context = Context::from_waker(Waker::noop());
        assert!(Box::pin(sleeps.until(SECOND, None, &clock)).as_mut().poll(&mut context).is_pending());
        assert_eq!(clock.now_nanos(), 0);
        assert_eq!(wait(&sleeps, &clock, &[2 * SECOND]), [2 * SECOND]);
    }

    #[test]
    fn a_sleep_past_the_deadline_stops_there() {
        let clock = Clock::virtual_at(Timestamp::from_millis(0));
        let sleeps = Sleeps::new(3 * SECOND);
        assert!(wait(&sleeps, &clock, &[4 * SECOND]).is_empty());
        assert!(sleeps.timed_out());
        assert_eq!(clock.now_nanos(), 3 * SECOND);
    }

    #[test]
    fn time_does_not_jump_while_a_request_is_under_way() {
        let clock = Clock::virtual_at(Timestamp::from_millis(0));
        let sleeps = Arc::new(Sleeps::new(u64::MAX));
        let (first, second) = (sleeps.request(), sleeps.request());
        assert!(wait(&sleeps, &clock, &[SECOND]).is_empty());
        drop(first);
        assert!(wait(&sleeps, &clock, &[SECOND]).is_empty());
        drop(second);
        assert_eq!(wait(&sleeps, &clock, &[SECOND]), [SECOND]);
    }

    #[test]
    fn a_request_that_starts_in_the_same_wait_keeps_time_from_jumping() {
        let clock = Clock::virtual_at(Timestamp::from_millis(0));
        let sleeps = Arc::new(Sleeps::new(u64::MAX));
        let mut context = Context::from_waker(Waker::noop());
        let mut sleep = Box::pin(sleeps.until(SECOND, None, &clock));
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        let request = sleeps.request();
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        assert_eq!(clock.now_nanos(), 0);
        drop(request);
        assert!((0..3).any(|_| sleep.as_mut().poll(&mut context).is_ready()));
        assert_eq!(clock.now_nanos(), SECOND);
    }

    #[tokio::test]
    async fn a_sleep_beside_a_request_that_is_never_answered_takes_its_time() {
        let clock = Clock::virtual_at(Timestamp::from_millis(0));
        let sleeps = Arc::new(Sleeps::new(u64::MAX));
        let _request = sleeps.request();
        let wall = Instant::now() + Duration::from_millis(20);
        sleeps.until(SECOND, Some(wall), &clock).await;
        assert!(Instant::now() >= wall);
        assert_eq!(clock.now_nanos(), SECOND);
    }
}
