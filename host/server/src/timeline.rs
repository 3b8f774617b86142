//! Time that is skipped: executions that belong together share a clock, which jumps to the earliest of
//! their timers when none of them has anything to do. While a callback is open it runs like the
//! machine's: whoever answers lives in real time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use durabox_runtime::Clock;
use durabox_runtime::model::Timestamp;
use tokio::sync::Notify;

/// The clock of an execution and of those that its chained invokes start.
#[derive(Clone, Debug)]
pub struct Timeline {
    clock: Clock,
    /// Absent where time is not skipped.
    skipping: Option<Arc<Mutex<Members>>>,
}

#[derive(Debug, Default)]
struct Members {
    next: u64,
    states: HashMap<u64, State>,
}

#[derive(Debug)]
enum State {
    Busy,
    Idle { due: Option<Timestamp>, holds: bool, wake: Arc<Notify> },
}

/// One of those that share a timeline; busy until it says otherwise.
#[derive(Debug)]
pub struct Member {
    timeline: Timeline,
    id: u64,
}

impl Timeline {
    /// Returns a timeline of its own.
    pub fn new(skip_time: bool) -> Self {
        // An execution whose time was skipped may go on where it is not.
        Self { clock: Clock::skipping(), skipping: skip_time.then(Arc::default) }
    }

    /// Returns the clock.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Adds a busy member.
    pub fn join(&self) -> Member {
        let id = self.members().map_or(0, |mut members| {
            members.next += 1;
            let id = members.next;
            members.states.insert(id, State::Busy);
            id
        });
        Member { timeline: self.clone(), id }
    }

    fn members(&self) -> Option<MutexGuard<'_, Members>> {
        self.skipping.as_ref().map(|members| members.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Jumps to the earliest timer if all members are idle and none holds time.
    fn skip(&self, members: &Members) {
        let mut earliest = None;
        for state in members.states.values() {
            match state {
                State::Busy | State::Idle { holds: true, .. } => return,
                State::Idle { due, .. } => earliest = earliest.into_iter().chain(*due).min(),
            }
        }
        let Some(earliest) = earliest else { return };
        self.clock.skip_to(earliest);
        for state in members.states.values() {
            if let State::Idle { due: Some(due), wake, .. } = state
                && *due <= earliest
            {
                wake.notify_one();
            }
        }
    }
}

impl Member {
    /// Returns the timeline.
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Says that nothing is left to do before `due`; `holds` while somebody outside is expected to act.
    /// `wake` is told when time has been skipped to `due`. Nothing is said if `still` no longer holds.
    pub fn idle(&self, due: Option<Timestamp>, holds: bool, wake: &Arc<Notify>, still: impl FnOnce() -> bool) {
        if let Some(mut members) = self.timeline.members()
            && still()
        {
            members.states.insert(self.id, State::Idle { due, holds, wake: Arc::clone(wake) });
            self.timeline.skip(&members);
        }
    }

    /// Says that there is something to do.
    pub fn busy(&self) {
        if let Some(mut members) = self.timeline.members() {
            members.states.insert(self.id, State::Busy);
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(mut members) = self.timeline.members() {
            members.states.remove(&self.id);
            self.timeline.skip(&members);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn time_jumps_once_all_are_idle_and_nobody_is_expected() {
        let timeline = Timeline::new(true);
        let (one, other) = (timeline.join(), timeline.join());
        let wake = Arc::new(Notify::new());
        let start = timeline.clock().now();
        one.idle(Some(start + DAY), false, &wake, || true);
        assert!(timeline.clock().now() < start + DAY, "the other is busy");
        other.idle(None, true, &wake, || true);
        assert!(timeline.clock().now() < start + DAY, "the other holds time");
        other.idle(None, false, &wake, || false);
        assert!(timeline.clock().now() < start + DAY, "the other has something to do after all");
        other.idle(None, false, &wake, || true);
        assert!(timeline.clock().now() >= start + DAY);
    }

    #[test]
    fn one_that_leaves_lets_the_others_go_on() {
        let timeline = Timeline::new(true);
        let (one, other) = (timeline.join(), timeline.join());
        let start = timeline.clock().now();
        one.idle(Some(start + DAY), false, &Arc::new(Notify::new()), || true);
        drop(other);
        assert!(timeline.clock().now() >= start + DAY);
    }

    #[test]
    fn real_time_is_not_skipped() {
        let timeline = Timeline::new(false);
        let start = timeline.clock().now();
        timeline.join().idle(Some(start + DAY), false, &Arc::new(Notify::new()), || true);
        assert!(timeline.clock().now() < start + DAY);
    }
}
