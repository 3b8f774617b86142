//! A wait for a callback: a context that makes one, tells somebody its id, and waits for the answer.

use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::BoxError;
use crate::bindings::host::{Outcome, Request};
use crate::builders::{RetryStrategyConfig, StepBuilder};
use crate::callback::{self, Callback, Timeouts};
use crate::child::internal;
use crate::context::DurableContext;
use crate::context_body::{self, Body, Ended};
use crate::error::{
    CallbackError, CallbackErrorKind, ChildContextError, ChildContextErrorKind, OperationError, OperationErrorKind,
    Replayed, StepError,
};
use crate::failure::WireError;
use crate::future::DurableFuture;
use crate::operation::{Claimed, Place};
use crate::retry::{Retry, RetryDecision};
use crate::scope;
use crate::serdes::{JsonSerdes, Serdes};
use crate::step::StepContext;
use crate::terminals::{debug_by_place, terminals};

/// Makes a wait for a callback.
#[must_use = "a wait for a callback is not made until it is awaited, spawned or turned into a future"]
#[non_exhaustive]
pub struct WaitForCallbackBuilder<O, F, Fut, S = JsonSerdes> {
    place: Place,
    submitter: F,
    retry: Retry,
    timeouts: Timeouts,
    serdes: S,
    output: PhantomData<fn() -> (O, Fut)>,
}

impl<O, F, Fut> WaitForCallbackBuilder<O, F, Fut> {
    pub(crate) fn new(place: Place, submitter: F) -> Self {
        let (retry, timeouts) = (Retry::default(), Timeouts::default());
        Self { place, submitter, retry, timeouts, serdes: JsonSerdes, output: PhantomData }
    }
}

impl<O, F, Fut, S> WaitForCallbackBuilder<O, F, Fut, S> {
    /// Names the operation; 1 to 256 printable ASCII characters, an empty name is none. The
    /// callback and the submitter inside it have no names.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.place.name(name.into());
        self
    }

    /// Lets `strategy` decide whether a failed submitter is tried again, given the attempt's error
    /// and its number from 1.
    pub fn submitter_retry(mut self, strategy: impl Fn(&StepError, u32) -> RetryDecision + 'static) -> Self {
        self.retry = Retry::Closure(Box::new(strategy));
        self
    }

    /// Sets the submitter's retry strategy; by default [`RetryStrategyConfig::default`].
    pub fn submitter_retry_config(mut self, config: RetryStrategyConfig) -> Self {
        self.retry = Retry::Config(config);
        self
    }

    /// Lets the callback fail when nobody has answered after `timeout`: whole seconds, rounded up,
    /// at most 99,999,999. Without it, the callback stays open.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.timeout = timeout;
        self
    }

    /// Lets the callback fail when nobody has given a sign of life for `interval`: whole seconds,
    /// rounded up, at most 99,999,999.
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.timeouts.heartbeat = interval;
        self
    }

    /// Sets how the answer is read, JSON by default. The operation's own result is always JSON.
    pub fn serdes<S2: Serdes<O>>(self, serdes: S2) -> WaitForCallbackBuilder<O, F, Fut, S2> {
        let Self { place, submitter, retry, timeouts, output, .. } = self;
        WaitForCallbackBuilder { place, submitter, retry, timeouts, serdes, output }
    }
}

impl<O, F, Fut, S> WaitForCallbackBuilder<O, F, Fut, S>
where
    O: Serialize + DeserializeOwned + 'static,
    F: FnOnce(StepContext, String) -> Fut + 'static,
    Fut: Future<Output = Result<(), BoxError>> + 'static,
    S: Serdes<O>,
{
    fn start(self) -> DurableFuture<O> {
        let Self { place, submitter, retry, timeouts, serdes, .. } = self;
        let claimed = place.claim(Request::Context("WaitForCallback"));
        DurableFuture::lazy(drive(claimed, place, async move |inside: Place| {
            submit_and_wait(inside, submitter, retry, timeouts, serdes).await
        }))
    }
}

terminals!([O, F, Fut, S] WaitForCallbackBuilder<O, F, Fut, S> => O, where
    O: Serialize + DeserializeOwned + 'static,
    F: FnOnce(StepContext, String) -> Fut + 'static,
    Fut: Future<Output = Result<(), BoxError>> + 'static,
    S: Serdes<O>,
);
debug_by_place!([O, F, Fut, S] WaitForCallbackBuilder<O, F, Fut, S>, "WaitForCallbackBuilder");

async fn drive<O: Serialize + DeserializeOwned>(
    mut claimed: Claimed,
    place: Place,
    body: impl AsyncFnOnce(Place) -> Result<O, OperationError>,
) -> Result<O, OperationError> {
    let inside = place.inside(&claimed.operation);
    let handle = claimed.operation.handle();
    let run = async |_| write(scope::within(handle, body(inside)).await);
    match context_body::run(&mut claimed, run).await {
        Ended::Here(written) => read(&written?.1),
        Ended::Earlier(Outcome::Succeeded(payload)) => read(payload.as_deref().unwrap_or("null")),
        Ended::Earlier(Outcome::Failed(failed)) => {
            let replayed = Replayed::new(failed, claimed.operation.id());
            Err(match replayed.wire.error_type() {
                Some("Callback.Timeout" | "Callback.Heartbeat" | "CallbackError") => {
                    let kind = callback::kind_of(&replayed.wire);
                    let source = replayed.source().filter(|_| kind == CallbackErrorKind::ExternalFailure);
                    replayed.error(CallbackError::new(kind, source))
                }
                _ => {
                    let error = ChildContextError::new(ChildContextErrorKind::ChildFailed, replayed.source());
                    replayed.error(error)
                }
            })
        }
    }
}

/// Makes the callback, lets a step tell somebody its id, and waits for the answer.
async fn submit_and_wait<O, F, Fut, S>(
    inside: Place,
    submitter: F,
    retry: Retry,
    timeouts: Timeouts,
    serdes: S,
) -> Result<O, OperationError>
where
    O: 'static,
    F: FnOnce(StepContext, String) -> Fut + 'static,
    Fut: Future<Output = Result<(), BoxError>> + 'static,
    S: Serdes<O>,
{
    let claimed = inside.claim(callback::request(timeouts));
    let context: DurableContext = inside.context.clone();
    let callback: Callback<O> = callback::create(claimed, context, serdes).await?;
    let id = callback.id().to_owned();
    let submitted = StepBuilder::new(inside.sibling(), move |step| async move { submitter(step, id).await })
        .retry(retry)
        .start()
        .await;
    if let Err(error) = submitted {
        let kind = ChildContextErrorKind::ChildFailed;
        return Err(OperationError::new(ChildContextError::new(kind, Some(Box::new(error)))));
    }
    callback.result().await
}

fn write<O: Serialize>(result: Result<O, OperationError>) -> Body<()> {
    match result {
        Ok(value) => match serde_json::to_string(&value) {
            Ok(payload) => Body::Succeeded { value: (), payload, summary: None },
            Err(error) => Body::Refused(internal(format!("serialize result: {error}"))),
        },
        Err(error) => {
            let wire = recorded(&error);
            Body::Failed { error, wire }
        }
    }
}

/// Returns what is recorded of a failure: of a callback's, what Lambda or the answer says.
fn recorded(error: &OperationError) -> WireError {
    let OperationErrorKind::Callback(callback) = error.kind() else { return WireError::of(error, "Error") };
    match (callback.kind(), error.wire()) {
        (CallbackErrorKind::TimedOut, _) => WireError::new("Callback.Timeout", "callback timed out"),
        (CallbackErrorKind::HeartbeatTimedOut, _) => WireError::new("Callback.Heartbeat", "heartbeat timed out"),
        (CallbackErrorKind::ExternalFailure, Some(wire)) => wire.clone(),
        (CallbackErrorKind::DeserializationFailed, _) => WireError::typed(callback, "DeserializationError"),
        (CallbackErrorKind::Internal, _) => WireError::typed(callback, "InternalError"),
        (CallbackErrorKind::ExternalFailure, None) => WireError::of(error, "Error"),
    }
}

fn read<O: DeserializeOwned>(payload: &str) -> Result<O, OperationError> {
    serde_json::from_str(payload).map_err(|error| internal(format!("deserialize result: {error}")))
}
