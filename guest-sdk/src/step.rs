//! A step: a body whose result is recorded.

use std::fmt;
use std::future::{IntoFuture, pending};
use std::marker::PhantomData;

use crate::BoxError;
use crate::bindings::host::{self, Outcome, Request, RetryDecision as Decision, State, StepSemantics as Wire};
use crate::error::{OperationError, StepError, StepErrorKind};
use crate::failure::{SERIALIZATION_FAILED, STEP_INTERRUPTED, WireError};
use crate::future::DurableFuture;
use crate::operation::{Claim, Operation, Place};
use crate::retry::{Retry, RetryDecision, RetryStrategyConfig};
use crate::scope;
use crate::serdes::{self, JsonSerdes, Serdes, SerdesContext};

/// What a step's body is given. It has no operations: they cannot nest in a step.
#[derive(Clone, Debug)]
pub struct StepContext {
    attempt: u32,
}

impl StepContext {
    /// Returns which attempt runs, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// Whether an attempt that was cut off may run again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepSemantics {
    /// Yes, as the same attempt.
    #[default]
    AtLeastOncePerRetry,
    /// No: it counts as failed, with [`StepErrorKind::StepInterrupted`], and the retry strategy decides.
    AtMostOncePerRetry,
}

/// Makes a step.
#[must_use = "a step is not made until it is awaited, spawned or turned into a future"]
#[non_exhaustive]
pub struct StepBuilder<O, F, Fut, S = JsonSerdes> {
    place: Place,
    body: F,
    retry: Retry,
    semantics: StepSemantics,
    serdes: S,
    output: PhantomData<fn() -> (O, Fut)>,
}

impl<O, F, Fut> StepBuilder<O, F, Fut> {
    pub(crate) fn new(place: Place, body: F) -> Self {
        Self {
            place,
            body,
            retry: Retry::Config(RetryStrategyConfig::default()),
            semantics: StepSemantics::default(),
            serdes: JsonSerdes,
            output: PhantomData,
        }
    }
}

impl<O, F, Fut, S> StepBuilder<O, F, Fut, S> {
    /// Names the step; 1 to 256 printable ASCII characters, an empty name is none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.place.name(name.into());
        self
    }

    /// Lets `strategy` decide, given an attempt's error and its number from 1.
    pub fn retry_strategy(mut self, strategy: impl Fn(&StepError, u32) -> RetryDecision + 'static) -> Self {
        self.retry = Retry::Closure(Box::new(strategy));
        self
    }

    /// Sets the retry strategy; by default [`RetryStrategyConfig::default`].
    pub fn retry_strategy_config(mut self, config: RetryStrategyConfig) -> Self {
        self.retry = Retry::Config(config);
        self
    }

    /// Sets what happens to an attempt that was cut off.
    pub fn semantics(mut self, semantics: StepSemantics) -> Self {
        self.semantics = semantics;
        self
    }

    /// Sets what the result looks like on the wire; JSON by default.
    pub fn serdes<S2: Serdes<O>>(self, serdes: S2) -> StepBuilder<O, F, Fut, S2> {
        let Self { place, body, retry, semantics, output, .. } = self;
        StepBuilder { place, body, retry, semantics, serdes, output }
    }
}

impl<O, F, Fut, S> StepBuilder<O, F, Fut, S>
where
    F: FnOnce(StepContext) -> Fut + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    O: 'static,
    S: Serdes<O>,
{
    /// Claims the step; it starts when the future is first polled.
    pub fn future(self) -> DurableFuture<O> {
        let Self { place, body, retry, semantics, serdes, .. } = self;
        let request = Request::Step(match semantics {
            StepSemantics::AtLeastOncePerRetry => Wire::AtLeastOncePerRetry,
            StepSemantics::AtMostOncePerRetry => Wire::AtMostOncePerRetry,
        });
        let ctx = SerdesContext::of(&place.context);
        match place.claim(request) {
            Claim::Settled(outcome) => DurableFuture::lazy(settle(outcome, serdes, ctx)),
            Claim::Open(operation) => {
                DurableFuture::lazy(drive(Step { operation, retry, reported: None }, body, serdes, ctx))
            }
        }
    }

    /// Starts the step in a task of its own, which is aborted when the future is dropped.
    pub fn spawn(self) -> DurableFuture<O> {
        let scope = self.place.context.handle();
        self.future().spawned(scope)
    }
}

impl<O, F, Fut, S> IntoFuture for StepBuilder<O, F, Fut, S>
where
    F: FnOnce(StepContext) -> Fut + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    O: 'static,
    S: Serdes<O>,
{
    type Output = Result<O, OperationError>;
    type IntoFuture = DurableFuture<O>;

    fn into_future(self) -> DurableFuture<O> {
        self.future()
    }
}

impl<O, F, Fut, S> fmt::Debug for StepBuilder<O, F, Fut, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepBuilder").field("place", &self.place).field("semantics", &self.semantics).finish()
    }
}

struct Step {
    operation: Operation,
    retry: Retry,
    reported: Option<Report>,
}

/// What the host was told of an attempt, until it is durable.
enum Report {
    Succeeded(String),
    Failed { error: StepError, wire: WireError, attempt: u32 },
}

impl Step {
    fn succeed(&mut self, payload: String) {
        host::succeed(self.operation.handle(), Some(&payload));
        self.reported = Some(Report::Succeeded(payload));
    }

    fn fail(&mut self, error: StepError, wire: WireError, attempt: u32) {
        let decision = match error.kind() {
            // Another attempt would return a value of the same type.
            StepErrorKind::SerializationFailed => Decision::Stop,
            _ => self.retry.decide(&error, attempt),
        };
        host::fail(self.operation.handle(), &wire.0, decision);
        self.reported = Some(Report::Failed { error, wire, attempt });
    }
}

async fn drive<O, F, Fut, S>(mut step: Step, body: F, serdes: S, ctx: SerdesContext) -> Result<O, OperationError>
where
    F: FnOnce(StepContext) -> Fut,
    Fut: Future<Output = Result<O, BoxError>>,
    S: Serdes<O>,
{
    let mut body = Some(body);
    loop {
        match step.operation.next().await {
            State::Run(attempt) => {
                // The body can run once; another attempt takes another invocation.
                let Some(body) = body.take() else { pending().await };
                let context = StepContext { attempt };
                let result = scope::within(step.operation.handle(), async move { body(context).await }).await;
                let (error, wire) = match result {
                    Ok(value) => match serdes.serialize(value, ctx.clone()).await {
                        Ok(payload) => {
                            step.succeed(payload);
                            continue;
                        }
                        Err(error) => {
                            let wire = WireError::new(SERIALIZATION_FAILED, error.to_string());
                            (StepError::attempt(StepErrorKind::SerializationFailed, Some(error)), wire)
                        }
                    },
                    Err(error) => {
                        let wire = WireError::of(&error, "Error");
                        (StepError::attempt(StepErrorKind::ExecutionFailed, Some(error)), wire)
                    }
                };
                step.fail(error, wire, attempt);
            }
            State::Interrupted(attempt) => {
                let message = format!("attempt {attempt} started and never reported");
                let wire = WireError::new(STEP_INTERRUPTED, message);
                step.fail(StepError::attempt(StepErrorKind::StepInterrupted, None), wire, attempt);
            }
            State::Acknowledged => match step.reported.take().expect("only what was reported is acknowledged") {
                Report::Succeeded(payload) => {
                    return serdes::read(serdes, Some(payload), ctx).await.map_err(StepError::unreadable);
                }
                Report::Failed { error, wire, attempt } => return Err(error.last(wire, attempt)),
            },
            State::Settled(outcome) => return settle(outcome, serdes, ctx).await,
            State::Pending => {}
        }
    }
}

async fn settle<O, S: Serdes<O>>(outcome: Outcome, serdes: S, ctx: SerdesContext) -> Result<O, OperationError> {
    match outcome {
        Outcome::Succeeded(payload) => serdes::read(serdes, payload, ctx).await.map_err(StepError::unreadable),
        Outcome::Failed(failed) => Err(StepError::replayed(failed)),
    }
}
