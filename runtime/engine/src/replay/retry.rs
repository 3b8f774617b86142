use durabox_model::MAX_WAIT_SECONDS;

/// How a computed delay is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Over its upper half.
    Half,
    /// From zero to the whole.
    Full,
}

/// When and how often a failed step is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryStrategy {
    /// Attempts in all; the first counts.
    pub max_attempts: u32,
    /// Before the second attempt.
    pub initial_delay_seconds: f64,
    /// No delay is longer.
    pub max_delay_seconds: f64,
    /// Factor from one delay to the next.
    pub backoff_rate: f64,
    /// How the delay is spread.
    pub jitter: Jitter,
}

impl RetryStrategy {
    /// Returns the seconds to wait after `attempt` failed, or `None` when it was the last.
    /// `random` lies in 0..1. Whole seconds, rounded up, at least 1.
    pub fn delay(&self, attempt: u32, random: f64) -> Option<u64> {
        if attempt >= self.max_attempts {
            return None;
        }
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let base = (self.initial_delay_seconds * self.backoff_rate.powi(exponent)).min(self.max_delay_seconds);
        let spread = match self.jitter {
            Jitter::None => base,
            Jitter::Half => base / 2.0 + random * base / 2.0,
            Jitter::Full => random * base,
        };
        // The cast saturates: not-a-number becomes 0, which the clamp raises.
        Some((spread.ceil() as u64).clamp(1, MAX_WAIT_SECONDS))
    }
}

/// What happens after an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RetryDecision {
    /// The step fails.
    Stop,
    /// It is tried again after so many seconds.
    After(u64),
    /// The strategy says.
    ByStrategy(RetryStrategy),
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: RetryStrategy = RetryStrategy {
        max_attempts: 6,
        initial_delay_seconds: 5.0,
        max_delay_seconds: 60.0,
        backoff_rate: 2.0,
        jitter: Jitter::None,
    };

    #[test]
    fn delays_double_up_to_the_longest_and_stop_with_the_last_attempt() {
        let delays: Vec<_> = (1..=6).map(|attempt| DEFAULT.delay(attempt, 0.0)).collect();
        assert_eq!(delays, [Some(5), Some(10), Some(20), Some(40), Some(60), None]);
    }

    #[test]
    fn jitter_never_brings_a_delay_below_a_second() {
        let full = RetryStrategy { jitter: Jitter::Full, ..DEFAULT };
        assert_eq!(full.delay(1, 0.0), Some(1));
        assert_eq!(full.delay(1, 0.999), Some(5));
        let half = RetryStrategy { jitter: Jitter::Half, ..DEFAULT };
        assert_eq!(half.delay(2, 0.0), Some(5));
        let absurd = RetryStrategy { initial_delay_seconds: f64::NAN, max_delay_seconds: f64::NAN, ..DEFAULT };
        assert_eq!(absurd.delay(1, 0.5), Some(1));
    }
}
