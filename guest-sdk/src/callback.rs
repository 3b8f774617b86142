//! A callback: an operation that somebody outside ends, known to them by its id.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::bindings::host::{CallbackOptions, FailedOutcome, FailedStatus, Outcome, Request, State};
use crate::context::DurableContext;
use crate::error::{CallbackError, CallbackErrorKind, OperationError, Replayed};
use crate::failure::{Contextual, WireError};
use crate::future::DurableFuture;
use crate::operation::{Claimed, Place};
use crate::retry::whole_seconds;
use crate::serdes::{self, JsonSerdes, Serdes, SerdesContext};
use crate::terminals::{debug_by_place, terminals};

/// Makes a callback.
#[must_use = "a callback is not made until it is awaited, spawned or turned into a future"]
#[non_exhaustive]
pub struct CreateCallbackBuilder<O, S = JsonSerdes> {
    place: Place,
    timeouts: Timeouts,
    serdes: S,
    output: PhantomData<fn() -> O>,
}

/// How long a callback may stay open, and silent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timeouts {
    pub(crate) timeout: Duration,
    pub(crate) heartbeat: Duration,
}

impl Timeouts {
    fn options(self) -> CallbackOptions {
        CallbackOptions {
            timeout_seconds: whole_seconds(self.timeout),
            heartbeat_timeout_seconds: whole_seconds(self.heartbeat),
        }
    }
}

impl<O> CreateCallbackBuilder<O> {
    pub(crate) fn new(place: Place) -> Self {
        Self { place, timeouts: Timeouts::default(), serdes: JsonSerdes, output: PhantomData }
    }
}

impl<O, S> CreateCallbackBuilder<O, S> {
    /// Names the callback; 1 to 256 printable ASCII characters, an empty name is none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.place.name(name.into());
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

    /// Sets how the answer is read, JSON by default; it is never written.
    pub fn serdes<S2: Serdes<O>>(self, serdes: S2) -> CreateCallbackBuilder<O, S2> {
        let Self { place, timeouts, output, .. } = self;
        CreateCallbackBuilder { place, timeouts, serdes, output }
    }
}

impl<O: 'static, S: Serdes<O>> CreateCallbackBuilder<O, S> {
    fn start(self) -> DurableFuture<Callback<O>> {
        let Self { place, timeouts, serdes, .. } = self;
        let claimed = place.claim(request(timeouts));
        DurableFuture::lazy(create(claimed, place.context, serdes))
    }
}

terminals!([O, S] CreateCallbackBuilder<O, S> => Callback<O>, where O: 'static, S: Serdes<O>);
debug_by_place!([O, S] CreateCallbackBuilder<O, S>, "CreateCallbackBuilder");

/// A callback that exists. Somebody outside ends it by its id.
#[non_exhaustive]
pub struct Callback<O> {
    id: String,
    result: DurableFuture<O>,
}

impl<O> Callback<O> {
    /// Returns the id to answer with.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits for the answer.
    pub fn result(self) -> DurableFuture<O> {
        self.result
    }
}

impl<O> fmt::Debug for Callback<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Makes a callback and returns it once the service has given it an id. That it has failed
/// already is told by its result.
pub(crate) async fn create<O, S>(
    mut claimed: Claimed,
    context: DurableContext,
    serdes: S,
) -> Result<Callback<O>, OperationError>
where
    O: 'static,
    S: Serdes<O>,
{
    let id = match claimed.next().await {
        State::Opened(id) => id,
        state => panic!("a callback has an id, but the host answered {state:?}"),
    };
    Ok(Callback { id, result: DurableFuture::lazy(answer(claimed, context, serdes)) })
}

async fn answer<O, S: Serdes<O>>(
    mut claimed: Claimed,
    context: DurableContext,
    serdes: S,
) -> Result<O, OperationError> {
    match claimed.next().await {
        State::Settled(Outcome::Succeeded(payload)) => {
            let ctx = SerdesContext::of(&context, &claimed.operation).external();
            // An answer without a body is null.
            let payload = payload.filter(|payload| !payload.is_empty());
            serdes::read(&serdes, payload, ctx).await.map_err(|error| {
                let error = Contextual::boxed("callback serdes", error);
                OperationError::new(CallbackError::new(CallbackErrorKind::DeserializationFailed, Some(error)))
            })
        }
        State::Settled(Outcome::Failed(failed)) => Err(failure(failed, claimed.operation.id())),
        state => panic!("a callback has nothing to run, but the host answered {state:?}"),
    }
}

fn failure(failed: FailedOutcome, operation_id: String) -> OperationError {
    let timed_out = failed.status == FailedStatus::TimedOut;
    let replayed = Replayed::new(failed, operation_id);
    let kind = match kind_of(&replayed.wire) {
        CallbackErrorKind::ExternalFailure if timed_out => CallbackErrorKind::TimedOut,
        kind => kind,
    };
    let source = if kind == CallbackErrorKind::ExternalFailure { replayed.source() } else { None };
    replayed.error(CallbackError::new(kind, source))
}

/// Returns how a callback failed, by the ErrorType that Lambda gives to its timeouts.
pub(crate) fn kind_of(wire: &WireError) -> CallbackErrorKind {
    match wire.error_type() {
        Some("Callback.Timeout") => CallbackErrorKind::TimedOut,
        Some("Callback.Heartbeat") => CallbackErrorKind::HeartbeatTimedOut,
        _ => CallbackErrorKind::ExternalFailure,
    }
}

pub(crate) fn request(timeouts: Timeouts) -> Request<'static> {
    Request::Callback(timeouts.options())
}
