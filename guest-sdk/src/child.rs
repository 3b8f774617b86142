//! A child context: a body with operations of its own, recorded as one.

use std::fmt;
use std::marker::PhantomData;

use crate::BoxError;
use crate::bindings::host::{Outcome, Request};
use crate::context::DurableContext;
use crate::context_body::{self, Body, Ended};
use crate::error::{ChildContextError, ChildContextErrorKind, OperationError, Replayed};
use crate::failure::{CHILD_FAILED, SERIALIZATION_FAILED, WireError};
use crate::future::DurableFuture;
use crate::operation::{Claimed, Place};
use crate::scope;
use crate::serdes::{self, JsonSerdes, Serdes, SerdesContext};
use crate::terminals::{debug_by_place, terminals};

pub(crate) const SUB_TYPE: &str = "RunInChildContext";

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
    pub(crate) fn start(self) -> DurableFuture<O> {
        let Self { place, body, serdes, .. } = self;
        let claimed = place.claim(Request::Context(SUB_TYPE));
        DurableFuture::lazy(drive(claimed, place.context, body, serdes))
    }
}

terminals!([O, F, Fut, S] ChildBuilder<O, F, Fut, S> => O, where
    F: FnOnce(DurableContext) -> Fut + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    O: 'static,
    S: Serdes<O>,
);
debug_by_place!([O, F, Fut, S] ChildBuilder<O, F, Fut, S>, "ChildBuilder");

async fn drive<O, F, Fut, S>(
    mut claimed: Claimed,
    parent: DurableContext,
    body: F,
    serdes: S,
) -> Result<O, OperationError>
where
    F: FnOnce(DurableContext) -> Fut,
    Fut: Future<Output = Result<O, BoxError>>,
    S: Serdes<O>,
{
    let ctx = SerdesContext::of(&parent, &claimed.operation);
    let handle = claimed.operation.handle();
    let run = async |_| write(within(handle, &parent, body).await, &serdes, &ctx).await;
    match context_body::run(&mut claimed, run).await {
        Ended::Here(written) => read(&serdes, Some(written?.1), ctx).await,
        Ended::Earlier(Outcome::Succeeded(payload)) => read(&serdes, payload, ctx).await,
        Ended::Earlier(Outcome::Failed(failed)) => {
            let replayed = Replayed::new(failed, claimed.operation.id());
            let kind = match replayed.wire.error_type() {
                Some(SERIALIZATION_FAILED) => ChildContextErrorKind::Internal,
                _ => ChildContextErrorKind::ChildFailed,
            };
            let error = ChildContextError::new(kind, replayed.source());
            Err(replayed.error(error))
        }
    }
}

/// Runs `body` as the code of the context `handle`.
pub(crate) async fn within<O, F, Fut>(handle: u32, parent: &DurableContext, body: F) -> Result<O, BoxError>
where
    F: FnOnce(DurableContext) -> Fut,
    Fut: Future<Output = Result<O, BoxError>>,
{
    let child = parent.child(handle);
    scope::within(handle, async move { body(child).await }).await
}

/// Writes what a context's body returned; the children of a large result rebuild it.
pub(crate) async fn write<O, S: Serdes<O>>(result: Result<O, BoxError>, serdes: &S, ctx: &SerdesContext) -> Body<()> {
    match result {
        Ok(value) => match serdes::write(serdes, value, ctx.clone()).await {
            Ok(payload) => Body::Succeeded { value: (), payload, summary: Some(String::new()) },
            Err(error) => {
                let error = internal(format!("serialize result: {error}"));
                let wire = WireError::typed(&error, SERIALIZATION_FAILED);
                Body::Failed { error, wire }
            }
        },
        Err(error) => {
            let error = FnError(error);
            let wire = WireError::of(&error, CHILD_FAILED);
            let error = ChildContextError::new(ChildContextErrorKind::ChildFailed, Some(error.0));
            Body::Failed { error: OperationError::new(error), wire }
        }
    }
}

pub(crate) async fn read<O, S: Serdes<O>>(
    serdes: &S,
    payload: Option<String>,
    ctx: SerdesContext,
) -> Result<O, OperationError> {
    serdes::read(serdes, payload, ctx).await.map_err(|error| internal(format!("deserialize result: {error}")))
}

pub(crate) fn failed(source: Option<BoxError>) -> ChildContextError {
    ChildContextError::new(ChildContextErrorKind::ChildFailed, source)
}

pub(crate) fn internal(problem: impl Into<BoxError>) -> OperationError {
    OperationError::new(ChildContextError::new(ChildContextErrorKind::Internal, Some(problem.into())))
}

/// The error of a context's body, as it is recorded.
#[derive(Debug)]
struct FnError(BoxError);

impl fmt::Display for FnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("child function error")
    }
}

impl std::error::Error for FnError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.0.as_ref())
    }
}
