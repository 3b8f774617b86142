//! An invoke of another function.

use std::marker::PhantomData;

use crate::BoxError;
use crate::bindings::host::{self, InvokeOptions, Outcome, Request, State};
use crate::error::{InvokeError, InvokeErrorKind, OperationError, Replayed};
use crate::failure::{Contextual, ReplayedFailure};
use crate::future::DurableFuture;
use crate::operation::{Claimed, Place};
use crate::serdes::{self, JsonSerdes, Serdes, SerdesContext};
use crate::terminals::{debug_by_place, terminals};

/// Makes an invoke.
#[must_use = "an invoke is not made until it is awaited, spawned or turned into a future"]
#[non_exhaustive]
pub struct InvokeBuilder<O, I, PS = JsonSerdes, RS = JsonSerdes> {
    place: Place,
    function: String,
    tenant: Option<String>,
    input: I,
    payload_serdes: PS,
    serdes: RS,
    output: PhantomData<fn() -> O>,
}

impl<O, I> InvokeBuilder<O, I> {
    pub(crate) fn new(place: Place, function: String, input: I) -> Self {
        let (payload_serdes, serdes) = (JsonSerdes, JsonSerdes);
        Self { place, function, tenant: None, input, payload_serdes, serdes, output: PhantomData }
    }
}

impl<O, I, PS, RS> InvokeBuilder<O, I, PS, RS> {
    /// Names the invoke; 1 to 256 printable ASCII characters, an empty name is none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.place.name(name.into());
        self
    }

    /// Invokes the function for a tenant, in an execution environment of its own.
    pub fn tenant_id(mut self, tenant_id: impl Into<String>) -> Self {
        self.tenant = Some(tenant_id.into());
        self
    }

    /// Sets how the result is read, JSON by default; it is never written.
    pub fn serdes<RS2: Serdes<O>>(self, serdes: RS2) -> InvokeBuilder<O, I, PS, RS2> {
        let Self { place, function, tenant, input, payload_serdes, output, .. } = self;
        InvokeBuilder { place, function, tenant, input, payload_serdes, serdes, output }
    }

    /// Sets how the input is written, JSON by default; it is never read.
    pub fn payload_serdes<PS2: Serdes<I>>(self, payload_serdes: PS2) -> InvokeBuilder<O, I, PS2, RS> {
        let Self { place, function, tenant, input, serdes, output, .. } = self;
        InvokeBuilder { place, function, tenant, input, payload_serdes, serdes, output }
    }
}

impl<O, I, PS, RS> InvokeBuilder<O, I, PS, RS>
where
    O: 'static,
    I: 'static,
    PS: Serdes<I>,
    RS: Serdes<O>,
{
    fn start(self) -> DurableFuture<O> {
        let Self { place, function, tenant, input, payload_serdes, serdes, .. } = self;
        let options = InvokeOptions { function_name: &function, tenant_id: tenant.as_deref() };
        let claimed = place.claim(Request::Invoke(options));
        let ctx = SerdesContext::of(&place.context, &claimed.operation);
        DurableFuture::lazy(drive(claimed, function, input, payload_serdes, serdes, ctx))
    }
}

terminals!([O, I, PS, RS] InvokeBuilder<O, I, PS, RS> => O, where
    O: 'static,
    I: 'static,
    PS: Serdes<I>,
    RS: Serdes<O>,
);
debug_by_place!([O, I, PS, RS] InvokeBuilder<O, I, PS, RS>, "InvokeBuilder");

async fn drive<O, I, PS, RS>(
    mut claimed: Claimed,
    function: String,
    input: I,
    payload_serdes: PS,
    serdes: RS,
    ctx: SerdesContext,
) -> Result<O, OperationError>
where
    PS: Serdes<I>,
    RS: Serdes<O>,
{
    let mut input = Some(input);
    loop {
        match claimed.next().await {
            State::Run(_) => {
                let input = input.take().expect("an invoke asks for its input once");
                let payload = serdes::write(&payload_serdes, input, ctx.clone()).await;
                let payload = payload.map_err(|error| unserialized("payload serdes", error))?;
                host::submit(claimed.operation.handle(), &payload);
            }
            State::Settled(Outcome::Succeeded(payload)) => {
                let result = serdes::read(&serdes, payload, ctx.external()).await;
                return result.map_err(|error| unserialized("result serdes", error));
            }
            State::Settled(Outcome::Failed(failed)) => {
                let mut replayed = Replayed::new(failed, claimed.operation.id());
                let message = &mut replayed.wire.0.error_message;
                message.get_or_insert_with(|| format!("invoked function {function} failed"));
                let source = ReplayedFailure(replayed.wire.clone()).into();
                let error = InvokeError::new(InvokeErrorKind::FunctionFailed, Some(source));
                return Err(replayed.error(error));
            }
            state => panic!("an invoke has nothing to report, but the host answered {state:?}"),
        }
    }
}

fn unserialized(boundary: &str, error: BoxError) -> OperationError {
    let error = Contextual::boxed(boundary, error);
    OperationError::new(InvokeError::new(InvokeErrorKind::SerializationFailed, Some(error)))
}
