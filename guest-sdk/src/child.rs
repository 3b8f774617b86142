//! A child context: a body with operations of its own, recorded as one.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use crate::BoxError;
use crate::bindings::host::{self, Outcome, Request, RetryDecision, State};
use crate::context::DurableContext;
use crate::error::{ChildContextError, OperationError};
use crate::failure::{SERIALIZATION_FAILED, WireError};
use crate::future::DurableFuture;
use crate::operation::{Claim, Operation, Place};
use crate::scope;
use crate::serdes::{self, JsonSerdes, Serdes, SerdesContext};

const SUB_TYPE: &str = "RunInChildContext";

/// Makes a child context.
#[must_use = "a child context is not made until it is awaited, spawned or turned into a future"]
#[non_exhaustive]
pub struct ChildBuilder<O, F, Fut, S = JsonSerdes> {
    place: Place,
    body: F,
    serdes: S,
    output: PhantomData<fn() -> (O, Fut)>,
}

impl<O, F, Fut> ChildBuilder<O, F, Fut> {
    pub(crate) fn new(place: Place, body: F) -> Self {
        Self { place, body, serdes: JsonSerdes, output: PhantomData }
    }
}

impl<O, F, Fut, S> ChildBuilder<O, F, Fut, S> {
    /// Names the child context; 1 to 256 printable ASCII characters, an empty name is none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.place.name(name.into());
        self
    }

    /// Sets what the result looks like on the wire; JSON by default.
    pub fn serdes<S2: Serdes<O>>(self, serdes: S2) -> ChildBuilder<O, F, Fut, S2> {
        let Self { place, body, output, .. } = self;
        ChildBuilder { place, body, serdes, output }
    }
}

impl<O, F, Fut, S> ChildBuilder<O, F, Fut, S>
where
    F: FnOnce(DurableContext) -> Fut + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    O: 'static,
    S: Serdes<O>,
{
    /// Claims the child context; its body starts when the future is first polled.
    pub fn future(self) -> DurableFuture<O> {
        let Self { place, body, serdes, .. } = self;
        let ctx = SerdesContext::of(&place.context);
        match place.claim(Request::Context(SUB_TYPE)) {
            Claim::Settled(outcome) => DurableFuture::lazy(settle(outcome, serdes, ctx)),
            Claim::Open(operation) => DurableFuture::lazy(drive(operation, place.context, body, serdes, ctx)),
        }
    }

    /// Starts the child context in a task of its own, which is aborted when the future is dropped.
    pub fn spawn(self) -> DurableFuture<O> {
        let scope = self.place.context.handle();
        self.future().spawned(scope)
    }
}

impl<O, F, Fut, S> IntoFuture for ChildBuilder<O, F, Fut, S>
where
    F: FnOnce(DurableContext) -> Fut + 'static,
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

impl<O, F, Fut, S> fmt::Debug for ChildBuilder<O, F, Fut, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildBuilder").field("place", &self.place).finish()
    }
}

async fn drive<O, F, Fut, S>(
    mut operation: Operation,
    parent: DurableContext,
    body: F,
    serdes: S,
    ctx: SerdesContext,
) -> Result<O, OperationError>
where
    F: FnOnce(DurableContext) -> Fut,
    Fut: Future<Output = Result<O, BoxError>>,
    S: Serdes<O>,
{
    match operation.next().await {
        State::Run(_) => {}
        State::Settled(outcome) => return settle(outcome, serdes, ctx).await,
        state => panic!("a context that has not run has nothing to report, but the host answered {state:?}"),
    }
    let handle = operation.handle();
    let child = parent.child(handle);
    let result = match scope::within(handle, async move { body(child).await }).await {
        Ok(value) => serdes.serialize(value, ctx.clone()).await.map_err(|error| {
            let wire = WireError::new(SERIALIZATION_FAILED, error.to_string());
            (error, wire)
        }),
        Err(error) => {
            let wire = WireError::of(&error, "Error");
            Err((error, wire))
        }
    };
    match &result {
        Ok(payload) => host::succeed(handle, Some(payload)),
        Err((_, wire)) => host::fail(handle, &wire.0, RetryDecision::Stop),
    }
    match (operation.next().await, result) {
        (State::Acknowledged, Ok(payload)) => {
            serdes::read(serdes, Some(payload), ctx).await.map_err(ChildContextError::unreadable)
        }
        (State::Acknowledged, Err((error, wire))) => Err(ChildContextError::failed(error, wire)),
        (State::Settled(outcome), _) => settle(outcome, serdes, ctx).await,
        (state, _) => panic!("a context runs once, but the host answered {state:?}"),
    }
}

async fn settle<O, S: Serdes<O>>(outcome: Outcome, serdes: S, ctx: SerdesContext) -> Result<O, OperationError> {
    match outcome {
        Outcome::Succeeded(payload) => serdes::read(serdes, payload, ctx).await.map_err(ChildContextError::unreadable),
        Outcome::Failed(failed) => Err(ChildContextError::replayed(failed)),
    }
}
