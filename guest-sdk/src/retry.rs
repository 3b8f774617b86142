//! Whether and when a failed step is attempted again.

use std::time::Duration;

use crate::bindings::host::{self, Jitter, RetryDecision as Wire, RetryStrategy};
use crate::context::DurableContext;
use crate::error::StepError;

/// What a retry strategy decides after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryDecision {
    /// Another attempt follows.
    Retry {
        /// How long after, rounded up to whole seconds, at least 1 second.
        delay: Duration,
    },
    /// The step has failed.
    Stop,
}

/// How delays are spread at random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum JitterStrategy {
    /// Not at all.
    None,
    /// From half of the delay to all of it.
    Half,
    /// From nothing to all of the delay.
    #[default]
    Full,
}

/// Exponential backoff: attempt n + 1 follows `initial_delay * backoff_rate^(n-1)` after attempt n,
/// at most `max_delay`, spread by `jitter`, rounded up to whole seconds, at least 1 second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryStrategyConfig {
    max_attempts: u32,
    initial_delay: Duration,
    max_delay: Duration,
    backoff_rate: f64,
    jitter: JitterStrategy,
}

impl Default for RetryStrategyConfig {
    fn default() -> Self {
        Self {
            max_attempts: 6,
            initial_delay: Duration::from_secs(5),
            max_delay: Duration::from_secs(60),
            backoff_rate: 2.0,
            jitter: JitterStrategy::Full,
        }
    }
}

impl RetryStrategyConfig {
    /// Returns a builder that holds the defaults.
    pub fn builder() -> RetryStrategyConfigBuilder {
        RetryStrategyConfigBuilder::default()
    }

    /// Returns how many attempts are made, the first included.
    pub fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// Returns the delay after the first attempt.
    pub fn initial_delay(&self) -> Duration {
        self.initial_delay
    }

    /// Returns the longest delay.
    pub fn max_delay(&self) -> Duration {
        self.max_delay
    }

    /// Returns what each delay is multiplied by to get the next.
    pub fn backoff_rate(&self) -> f64 {
        self.backoff_rate
    }

    /// Returns how delays are spread.
    pub fn jitter(&self) -> JitterStrategy {
        self.jitter
    }

    pub(crate) fn into_builder(self) -> RetryStrategyConfigBuilder {
        RetryStrategyConfigBuilder(self)
    }

    /// Returns what the host decides by.
    pub(crate) fn wire(&self) -> RetryStrategy {
        RetryStrategy {
            max_attempts: self.max_attempts,
            initial_delay_seconds: self.initial_delay.as_secs_f64(),
            max_delay_seconds: self.max_delay.as_secs_f64(),
            backoff_rate: self.backoff_rate,
            jitter: match self.jitter {
                JitterStrategy::None => Jitter::None,
                JitterStrategy::Half => Jitter::Half,
                JitterStrategy::Full => Jitter::Full,
            },
        }
    }
}

/// Builds a [`RetryStrategyConfig`].
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct RetryStrategyConfigBuilder(RetryStrategyConfig);

impl RetryStrategyConfigBuilder {
    /// Sets how many attempts are made, the first included; 6 by default, 1 for no retries.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.0.max_attempts = attempts;
        self
    }

    /// Sets the delay after the first attempt; 5 seconds by default.
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.0.initial_delay = delay;
        self
    }

    /// Sets the longest delay; 60 seconds by default.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.0.max_delay = delay;
        self
    }

    /// Sets what each delay is multiplied by to get the next; 2.0 by default.
    pub fn backoff_rate(mut self, rate: f64) -> Self {
        self.0.backoff_rate = rate;
        self
    }

    /// Sets how delays are spread; [`JitterStrategy::Full`] by default.
    pub fn jitter(mut self, jitter: JitterStrategy) -> Self {
        self.0.jitter = jitter;
        self
    }

    /// Returns the strategy.
    pub fn build(self) -> RetryStrategyConfig {
        self.0
    }
}

type Strategy = dyn Fn(&StepError, u32) -> RetryDecision;

/// Who decides: the host by a strategy, or the author's closure.
pub(crate) enum Retry {
    Config(RetryStrategyConfig),
    Closure(Box<Strategy>),
}

impl Default for Retry {
    fn default() -> Self {
        Self::Config(RetryStrategyConfig::default())
    }
}

impl Retry {
    /// Decides about the attempt that failed with `error`.
    pub(crate) fn decide(&self, error: &StepError, attempt: u32) -> Wire {
        match self {
            Self::Config(config) => Wire::ByStrategy(config.wire()),
            Self::Closure(strategy) => match strategy(error, attempt) {
                RetryDecision::Retry { delay } => Wire::After(whole_seconds(delay).max(1)),
                RetryDecision::Stop => Wire::Stop,
            },
        }
    }

    /// Returns how long to wait before an attempt of something in `context` that is no step;
    /// `None` when there is no other attempt.
    pub(crate) fn delay(&self, context: &DurableContext, error: &StepError, attempt: u32) -> Option<Duration> {
        let seconds = match self.decide(error, attempt) {
            Wire::Stop => None,
            Wire::After(seconds) => Some(seconds),
            Wire::ByStrategy(strategy) => host::backoff(strategy, context.handle(), attempt),
        };
        seconds.map(Duration::from_secs)
    }
}

/// Rounds up to whole seconds.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}
