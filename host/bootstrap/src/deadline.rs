use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Most of an invocation's time that is kept for telling the end of it.
const MARGIN: Duration = Duration::from_millis(500);

/// Below this nothing is begun: a handler that has just been entered would be cut off.
const LEAST: Duration = Duration::from_millis(50);

/// How the time that Lambda gives to an invocation is shared out.
///
/// At its end Lambda kills the process, and what it was doing with it. So the handler is stopped a
/// tenth of the time before, at most half a second: its finished steps are still checkpointed, and the
/// crash is reported, which leaves the environment warm. What ran is retried, as after a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline {
    /// When the handler is stopped.
    handler: Instant,
    /// When the last request to the service must be over.
    pub(crate) answer: Instant,
}

impl Deadline {
    /// Shares out the time to `at`, milliseconds since the epoch. Fails with what is left if nothing
    /// may be begun.
    pub(crate) fn at(at: u64) -> Result<Self, Duration> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::of(Duration::from_millis(at).saturating_sub(now), Instant::now())
    }

    fn of(left: Duration, now: Instant) -> Result<Self, Duration> {
        if left < LEAST {
            return Err(left);
        }
        let margin = (left / 10).min(MARGIN);
        Ok(Self { handler: now + left - margin, answer: now + left - margin / 5 })
    }

    /// Returns how long the handler may run from now on. Fails with what is left if it may not begin any more.
    pub(crate) fn handler(&self) -> Result<Duration, Duration> {
        self.handler_at(Instant::now())
    }

    fn handler_at(&self, now: Instant) -> Result<Duration, Duration> {
        let left = self.handler.saturating_duration_since(now);
        // A tenth of what there was is kept for the end.
        if left < LEAST - LEAST / 10 { Err(left) } else { Ok(left) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handler_is_stopped_before_lambda_kills_it() {
        let now = Instant::now();
        let minute = Deadline::of(Duration::from_secs(60), now).expect("time enough");
        assert_eq!(minute.handler_at(now), Ok(Duration::from_millis(59_500)));
        assert_eq!(minute.answer, now + Duration::from_millis(59_900));
        let second = Deadline::of(Duration::from_secs(1), now).expect("time enough");
        assert_eq!(second.handler_at(now), Ok(Duration::from_millis(900)));
        assert_eq!(second.answer, now + Duration::from_millis(980));
    }

    #[test]
    fn nothing_is_begun_when_next_to_nothing_is_left() {
        assert_eq!(Deadline::of(Duration::from_millis(49), Instant::now()), Err(Duration::from_millis(49)));
        assert_eq!(Deadline::at(0), Err(Duration::ZERO));
        let now = Instant::now();
        assert!(Deadline::of(LEAST, now).expect("just enough").handler_at(now).is_ok());
    }

    #[test]
    fn what_was_fetched_before_the_handler_is_taken_from_its_time() {
        let now = Instant::now();
        let second = Deadline::of(Duration::from_secs(1), now).expect("time enough");
        assert_eq!(second.handler_at(now + Duration::from_millis(300)), Ok(Duration::from_millis(600)));
        let left = Duration::from_millis(40);
        assert_eq!(second.handler_at(now + Duration::from_millis(860)), Err(left));
    }
}
