//! A wait for a condition: a step that is checked again until its state will do.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::BoxError;
use crate::bindings::host::{self, Outcome, Request, RetryDecision as Decision, State};
use crate::builders::{JitterStrategy, RetryStrategyConfig};
use crate::error::{
    MaxChecksExceeded, OperationError, Replayed, WaitForConditionError, WaitForConditionErrorKind as Kind,
};
use crate::failure::{Contextual, SERIALIZATION_FAILED, WireError};
use crate::future::DurableFuture;
use crate::operation::{Claimed, Place};
use crate::retry::whole_seconds;
use crate::scope;
use crate::serdes::{self, JsonSerdes, Serdes, SerdesContext};
use crate::step::StepContext;
use crate::terminals::{debug_by_place, terminals};

/// ErrorType of a condition that was not met in the checks that its strategy allows.
const EXHAUSTED: &str = "WaitForCondition.MaxChecksExceeded";

/// What a wait strategy decides after a check.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WaitDecision {
    /// The state will do.
    Complete,
    /// Check again.
    Continue {
        /// How long after, rounded up to whole seconds, at least 1 second.
        delay: Duration,
    },
    /// Give up.
    Exhausted {
        /// Why.
        reason: String,
    },
}

impl WaitDecision {
    /// Returns that the state will do.
    pub fn complete() -> Self {
        Self::Complete
    }

    /// Returns that another check follows after `delay`.
    pub fn continue_with(delay: Duration) -> Self {
        Self::Continue { delay }
    }

    /// Returns that no other check follows.
    pub fn exhausted(reason: impl Into<String>) -> Self {
        Self::Exhausted { reason: reason.into() }
    }
}

/// Checks with exponential backoff until a predicate holds: check n + 1 follows
/// `initial_delay * backoff_rate^(n-1)` after check n, at most `max_delay`, spread by `jitter`,
/// rounded up to whole seconds, at least 1 second.
#[non_exhaustive]
pub struct WaitStrategy<S> {
    predicate: Arc<dyn Fn(&S) -> bool>,
    backoff: RetryStrategyConfig,
}

impl<S> WaitStrategy<S> {
    /// Returns a builder that holds the defaults: 60 checks, 5 seconds at first, 5 minutes at
    /// most, factor 1.5, full jitter. The condition is met when `predicate` holds.
    pub fn builder(predicate: impl Fn(&S) -> bool + 'static) -> WaitStrategyBuilder<S> {
        let backoff = RetryStrategyConfig::builder()
            .max_attempts(60)
            .initial_delay(Duration::from_secs(5))
            .max_delay(Duration::from_secs(5 * 60))
            .backoff_rate(1.5)
            .build();
        WaitStrategyBuilder(Self { predicate: Arc::new(predicate), backoff })
    }

    /// Returns how many checks are made.
    pub fn max_attempts(&self) -> u32 {
        self.backoff.max_attempts()
    }

    /// Returns the delay after the first check.
    pub fn initial_delay(&self) -> Duration {
        self.backoff.initial_delay()
    }

    /// Returns the longest delay.
    pub fn max_delay(&self) -> Duration {
        self.backoff.max_delay()
    }

    /// Returns what each delay is multiplied by to get the next.
    pub fn backoff_rate(&self) -> f64 {
        self.backoff.backoff_rate()
    }

    /// Returns how delays are spread.
    pub fn jitter(&self) -> JitterStrategy {
        self.backoff.jitter()
    }
}

impl<S> Clone for WaitStrategy<S> {
    fn clone(&self) -> Self {
        Self { predicate: Arc::clone(&self.predicate), backoff: self.backoff }
    }
}

impl<S> fmt::Debug for WaitStrategy<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitStrategy").field("backoff", &self.backoff).finish_non_exhaustive()
    }
}

/// Builds a [`WaitStrategy`].
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub struct WaitStrategyBuilder<S>(WaitStrategy<S>);

impl<S> WaitStrategyBuilder<S> {
    /// Sets how many checks are made; 60 by default.
    pub fn max_attempts(self, max_attempts: u32) -> Self {
        self.with(|backoff| backoff.max_attempts(max_attempts))
    }

    /// Sets the delay after the first check; 5 seconds by default.
    pub fn initial_delay(self, delay: Duration) -> Self {
        self.with(|backoff| backoff.initial_delay(delay))
    }

    /// Sets the longest delay; 5 minutes by default.
    pub fn max_delay(self, delay: Duration) -> Self {
        self.with(|backoff| backoff.max_delay(delay))
    }

    /// Sets what each delay is multiplied by to get the next; 1.5 by default.
    pub fn backoff_rate(self, rate: f64) -> Self {
        self.with(|backoff| backoff.backoff_rate(rate))
    }

    /// Sets how delays are spread; [`JitterStrategy::Full`] by default.
    pub fn jitter(self, jitter: JitterStrategy) -> Self {
        self.with(|backoff| backoff.jitter(jitter))
    }

    /// Returns the strategy.
    pub fn build(self) -> WaitStrategy<S> {
        self.0
    }

    fn with(
        mut self,
        change: impl FnOnce(crate::builders::RetryStrategyConfigBuilder) -> crate::builders::RetryStrategyConfigBuilder,
    ) -> Self {
        self.0.backoff = change(self.0.backoff.into_builder()).build();
        self
    }
}

type Strategy<S> = Box<dyn Fn(S, u32) -> Step>;

/// What follows a check.
enum Step {
    Complete,
    Again(Decision),
    GiveUp(String),
}

impl From<WaitDecision> for Step {
    fn from(decision: WaitDecision) -> Self {
        match decision {
            WaitDecision::Complete => Self::Complete,
            WaitDecision::Continue { delay } => Self::Again(Decision::After(whole_seconds(delay).max(1))),
            WaitDecision::Exhausted { reason } => Self::GiveUp(reason),
        }
    }
}

impl<S> WaitStrategy<S> {
    fn decide(&self, state: &S, check: u32) -> Step {
        let most = self.max_attempts();
        if (self.predicate)(state) {
            Step::Complete
        } else if check >= most {
            Step::GiveUp(format!("max attempts exceeded: {check} checks completed (max_attempts = {most})"))
        } else {
            Step::Again(Decision::ByStrategy(self.backoff.wire()))
        }
    }
}

/// Makes a wait for a condition.
#[must_use = "a wait for a condition is not made until it is awaited, spawned or turned into a future"]
#[non_exhaustive]
pub struct WaitForConditionBuilder<S, F, Fut, SD = JsonSerdes> {
    place: Place,
    check: F,
    initial: S,
    strategy: Option<Strategy<S>>,
    serdes: SD,
    output: PhantomData<fn() -> Fut>,
}

impl<S, F, Fut> WaitForConditionBuilder<S, F, Fut> {
    pub(crate) fn new(place: Place, check: F, initial: S) -> Self {
        Self { place, check, initial, strategy: None, serdes: JsonSerdes, output: PhantomData }
    }
}

impl<S: 'static, F, Fut, SD> WaitForConditionBuilder<S, F, Fut, SD> {
    /// Names the operation; 1 to 256 printable ASCII characters, an empty name is none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.place.name(name.into());
        self
    }

    /// Sets when the condition is met, and when to check again. Without a strategy, the first
    /// state will do.
    pub fn wait_strategy(mut self, strategy: WaitStrategy<S>) -> Self {
        self.strategy = Some(Box::new(move |state, check| strategy.decide(&state, check)));
        self
    }

    /// Lets `strategy` decide, given the state and the number of the check, from 1.
    pub fn wait_strategy_fn(mut self, strategy: impl Fn(S, u32) -> WaitDecision + 'static) -> Self {
        self.strategy = Some(Box::new(move |state, check| strategy(state, check).into()));
        self
    }

    /// Sets what the state looks like on the wire; JSON by default.
    pub fn serdes<SD2: Serdes<S>>(self, serdes: SD2) -> WaitForConditionBuilder<S, F, Fut, SD2> {
        let Self { place, check, initial, strategy, output, .. } = self;
        WaitForConditionBuilder { place, check, initial, strategy, serdes, output }
    }
}

impl<S, F, Fut, SD> WaitForConditionBuilder<S, F, Fut, SD>
where
    S: Clone + 'static,
    F: Fn(StepContext, S) -> Fut + 'static,
    Fut: Future<Output = Result<S, BoxError>> + 'static,
    SD: Serdes<S>,
{
    fn start(self) -> DurableFuture<S> {
        let Self { place, check, initial, strategy, serdes, .. } = self;
        let claimed = place.claim(Request::Condition);
        let ctx = SerdesContext::of(&place.context, &claimed.operation);
        DurableFuture::lazy(drive(claimed, check, initial, strategy, serdes, ctx))
    }
}

terminals!([S, F, Fut, SD] WaitForConditionBuilder<S, F, Fut, SD> => S, where
    S: Clone + 'static,
    F: Fn(StepContext, S) -> Fut + 'static,
    Fut: Future<Output = Result<S, BoxError>> + 'static,
    SD: Serdes<S>,
);
debug_by_place!([S, F, Fut, SD] WaitForConditionBuilder<S, F, Fut, SD>, "WaitForConditionBuilder");

async fn drive<S, F, Fut, SD>(
    mut claimed: Claimed,
    check: F,
    initial: S,
    strategy: Option<Strategy<S>>,
    serdes: SD,
    ctx: SerdesContext,
) -> Result<S, OperationError>
where
    S: Clone,
    F: Fn(StepContext, S) -> Fut,
    Fut: Future<Output = Result<S, BoxError>>,
    SD: Serdes<S>,
{
    match claimed.next().await {
        State::Run(attempt) => {
            let state = match attempt.carried {
                Some(state) => read(&serdes, Some(state), ctx.clone()).await?,
                None => initial,
            };
            let step = StepContext { attempt: attempt.number };
            let handle = claimed.operation.handle();
            let checked = scope::within(handle, async { check(step, state).await }).await;
            report(claimed, checked, attempt.number, strategy, serdes, ctx).await
        }
        State::Settled(Outcome::Succeeded(payload)) => read(&serdes, payload, ctx).await,
        State::Settled(Outcome::Failed(failed)) => {
            let replayed = Replayed::new(failed, claimed.operation.id());
            let (kind, source) = match replayed.wire.error_type() {
                Some(EXHAUSTED) => (Kind::MaxChecksExceeded(MaxChecksExceeded(replayed.attempts)), None),
                Some(SERIALIZATION_FAILED) => (Kind::SerializationFailed, replayed.source()),
                _ => (Kind::CheckFailed, replayed.source()),
            };
            Err(replayed.error(WaitForConditionError::new(kind, source)))
        }
        state => panic!("a condition is checked or has ended, but the host answered {state:?}"),
    }
}

/// Reports what a check came to. A state that will not do suspends: the next check takes another
/// invocation.
async fn report<S: Clone, SD: Serdes<S>>(
    mut claimed: Claimed,
    checked: Result<S, BoxError>,
    check: u32,
    strategy: Option<Strategy<S>>,
    serdes: SD,
    ctx: SerdesContext,
) -> Result<S, OperationError> {
    let handle = claimed.operation.handle();
    let (error, wire) = match checked {
        Ok(state) => match round_trip(&serdes, state, ctx).await {
            Ok((payload, state)) => match strategy.map_or(Step::Complete, |decide| decide(state.clone(), check)) {
                Step::Complete => {
                    host::succeed(handle, Some(&payload), None);
                    claimed.operation.acknowledged().await;
                    return Ok(state);
                }
                Step::Again(decision) => {
                    host::retry(handle, &payload, decision);
                    return std::future::poll_fn(|cx| claimed.operation.park(cx)).await;
                }
                Step::GiveUp(reason) => {
                    let kind = Kind::MaxChecksExceeded(MaxChecksExceeded(check));
                    (WaitForConditionError::new(kind, None), WireError::new(EXHAUSTED, reason))
                }
            },
            Err(error) => {
                let error = WaitForConditionError::new(Kind::SerializationFailed, Some(error));
                let wire = WireError::typed(&error, SERIALIZATION_FAILED);
                (error, wire)
            }
        },
        Err(error) => {
            let wire = WireError::typed(&*error, "WaitForConditionError");
            (WaitForConditionError::new(Kind::CheckFailed, Some(error)), wire)
        }
    };
    host::fail(handle, &wire.0, Decision::Stop);
    claimed.operation.acknowledged().await;
    Err(OperationError::new(error).recorded(claimed.operation.id(), "FAILED", wire))
}

/// Writes a state and reads it back: what a strategy sees is what the next check gets.
async fn round_trip<S, SD: Serdes<S>>(serdes: &SD, state: S, ctx: SerdesContext) -> Result<(String, S), BoxError> {
    let payload = serdes::write(serdes, state, ctx.clone()).await?;
    let state = serdes::read(serdes, Some(payload.clone()), ctx).await?;
    Ok((payload, state))
}

async fn read<S, SD: Serdes<S>>(serdes: &SD, payload: Option<String>, ctx: SerdesContext) -> Result<S, OperationError> {
    serdes::read(serdes, payload, ctx).await.map_err(|error| {
        let error = Contextual::boxed("state deserialization failed", error);
        OperationError::new(WaitForConditionError::new(Kind::SerializationFailed, Some(error)))
    })
}
