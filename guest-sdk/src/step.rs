//! A step: a body whose result is recorded.

use std::future::pending;
use std::marker::PhantomData;

use crate::BoxError;
use crate::bindings::host::{self, Outcome, Request, RetryDecision as Decision, State, StepSemantics as Wire};
use crate::error::{OperationError, Replayed, RetriesExhausted, StepError, StepErrorKind};
use crate::failure::{Contextual, SERIALIZATION_FAILED, STEP_INTERRUPTED, WireError};
use crate::future::DurableFuture;
use crate::operation::{Claimed, Place};
use crate::retry::{Retry, RetryDecision, RetryStrategyConfig};
use crate::scope;
use crate::serdes::{self, JsonSerdes, Serdes, SerdesContext};
use crate::terminals::{debug_by_place, terminals};

/// What a step's body is given. It has no operations: they cannot nest in a step.
#[derive(Clone, Debug)]
pub struct StepContext {
    pub(crate) attempt: u32,
}

impl StepContext {
    /// Returns which attempt runs, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// Whether an attempt that was cut off may run again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
            retry: Retry::default(),
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

    pub(crate) fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
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
    pub(crate) fn start(self) -> DurableFuture<O> {
        let Self { place, body, retry, semantics, serdes, .. } = self;
        let claimed = place.claim(Request::Step(match semantics {
            StepSemantics::AtLeastOncePerRetry => Wire::AtLeastOncePerRetry,
            StepSemantics::AtMostOncePerRetry => Wire::AtMostOncePerRetry,
        }));
        let ctx = SerdesContext::of(&place.context, &claimed.operation);
        DurableFuture::lazy(drive(Step { claimed, retry, reported: None }, body, serdes, ctx))
    }
}

terminals!([O, F, Fut, S] StepBuilder<O, F, Fut, S> => O, where
    F: FnOnce(StepContext) -> Fut + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    O: 'static,
    S: Serdes<O>,
);
debug_by_place!([O, F, Fut, S] StepBuilder<O, F, Fut, S>, "StepBuilder");

struct Step {
    claimed: Claimed,
    retry: Retry,
    reported: Option<Report>,
}

/// What the host was told of an attempt, until it is durable.
enum Report {
    Succeeded(String),
    Failed { error: StepError, wire: WireError, attempt: u32 },
}

impl Step {
    fn handle(&self) -> u32 {
        self.claimed.operation.handle()
    }

    fn succeed(&mut self, payload: String) {
        host::succeed(self.handle(), Some(&payload), None);
        self.report(Report::Succeeded(payload));
    }

    fn fail(&mut self, error: StepError, wire: WireError, attempt: u32) {
        let decision = match error.kind() {
            // Another attempt would return a value of the same type.
            StepErrorKind::SerializationFailed => Decision::Stop,
            _ => self.retry.decide(&error, attempt),
        };
        host::fail(self.handle(), &wire.0, decision);
        self.report(Report::Failed { error, wire, attempt });
    }

    fn report(&mut self, report: Report) {
        self.reported = Some(report);
        self.claimed.operation.reported();
    }

    /// Turns a last attempt's error into the step's, which replay makes of the record too.
    fn failed(&self, error: StepError, wire: WireError, attempts: u32) -> OperationError {
        let error = StepError::new(recorded_kind(&wire, attempts), error.into_source());
        OperationError::new(error).recorded(self.claimed.operation.id(), "FAILED", wire)
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
        match step.claimed.next().await {
            State::Run(attempt) => {
                // The body can run once; another attempt takes another invocation.
                let Some(body) = body.take() else { pending().await };
                let attempt = attempt.number;
                let context = StepContext { attempt };
                let result = scope::within(step.handle(), async move { body(context).await }).await;
                let (error, wire) = match result {
                    Ok(value) => match serdes::write(&serdes, value, ctx.clone()).await {
                        Ok(payload) => {
                            step.succeed(payload);
                            continue;
                        }
                        Err(error) => {
                            let error = StepError::new(StepErrorKind::SerializationFailed, Some(error));
                            let wire = WireError::typed(&error, SERIALIZATION_FAILED);
                            (error, wire)
                        }
                    },
                    Err(error) => {
                        let wire = WireError::of(&*error, "Error");
                        (StepError::new(StepErrorKind::ExecutionFailed, Some(error)), wire)
                    }
                };
                step.fail(error, wire, attempt);
            }
            State::Interrupted(attempt) => {
                let error = StepError::new(StepErrorKind::StepInterrupted, None);
                let wire = WireError::new(STEP_INTERRUPTED, error.to_string());
                step.fail(error, wire, attempt);
            }
            State::Acknowledged => match step.reported.take().expect("only what was reported is acknowledged") {
                Report::Succeeded(payload) => return read(&serdes, Some(payload), ctx).await,
                Report::Failed { error, wire, attempt } => return Err(step.failed(error, wire, attempt)),
            },
            State::Settled(Outcome::Succeeded(payload)) => return read(&serdes, payload, ctx).await,
            State::Settled(Outcome::Failed(failed)) => {
                let replayed = Replayed::new(failed, step.claimed.operation.id());
                let kind = recorded_kind(&replayed.wire, replayed.attempts);
                let error = StepError::new(kind, replayed.source());
                return Err(replayed.error(error));
            }
            State::Pending | State::Opened(_) => {}
        }
    }
}

async fn read<O, S: Serdes<O>>(serdes: &S, payload: Option<String>, ctx: SerdesContext) -> Result<O, OperationError> {
    serdes::read(serdes, payload, ctx).await.map_err(|error| {
        let error = Contextual::boxed("result deserialization failed", error);
        OperationError::new(StepError::new(StepErrorKind::SerializationFailed, Some(error)))
    })
}

fn recorded_kind(wire: &WireError, attempts: u32) -> StepErrorKind {
    match wire.error_type() {
        Some(SERIALIZATION_FAILED) => StepErrorKind::SerializationFailed,
        Some(STEP_INTERRUPTED) => StepErrorKind::StepInterrupted,
        _ => StepErrorKind::RetriesExhausted(RetriesExhausted(attempts)),
    }
}
