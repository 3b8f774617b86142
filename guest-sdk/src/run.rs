//! An invocation, from the input to the answer.

use std::panic::PanicHookInfo;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::host::{self, CallSite};
use crate::context::DurableContext;
use crate::error::OperationError;
use crate::failure::WireError;
use crate::options::Options;
use crate::{BoxError, executor, log};

/// ErrorType of an input that is not what the handler takes.
const INPUT_UNREADABLE: &str = "InputDeserializationError";
/// ErrorType of a result that cannot be written.
const OUTPUT_UNWRITABLE: &str = "OutputSerializationError";
/// ErrorType of a handler's error that is neither typed nor an operation's.
const HANDLER_FAILED: &str = "HandlerError";

/// Runs `handler` for one invocation. Called once, from `main`.
///
/// ```no_run
/// async fn handler(name: String, _: durabox_sdk::DurableContext) -> Result<String, durabox_sdk::BoxError> {
///     Ok(format!("Hello, {name}!"))
/// }
///
/// fn main() {
///     durabox_sdk::run(handler)
/// }
/// ```
pub fn run<F, E, Fut, O>(handler: F)
where
    F: Fn(E, DurableContext) -> Fut + 'static,
    E: DeserializeOwned + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    O: Serialize + 'static,
{
    run_with_options(handler, Options::default());
}

/// Runs `handler` for one invocation, as `options` say. Called once, from `main`.
///
/// ```no_run
/// # async fn handler(_: (), _: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> { Ok(()) }
/// let options = durabox_sdk::Options::builder().replay_logging(true).build();
/// durabox_sdk::run_with_options(handler, options);
/// ```
pub fn run_with_options<F, E, Fut, O>(handler: F, options: Options)
where
    F: Fn(E, DurableContext) -> Fut + 'static,
    E: DeserializeOwned + 'static,
    Fut: Future<Output = Result<O, BoxError>> + 'static,
    O: Serialize + 'static,
{
    std::panic::set_hook(Box::new(report_panic));
    log::install(options.replay_logging);
    // Preview 1 gives std the keys of its hash maps as it gives all random numbers. Drawn here, before
    // the invocation starts, they are known for keys and do not depend on which code makes the first map.
    #[cfg(all(target_os = "wasi", target_env = "p1"))]
    let _ = std::hash::RandomState::new();
    let (context, input) = DurableContext::root(host::start());
    let answer = match decode(&input) {
        Ok(event) => executor::run(async move { handler(event, context).await })
            .map(|result| result.map_err(|error| failure(&error)).and_then(|output| encode(&output))),
        Err(error) => Some(Err(error)),
    };
    match answer {
        Some(Ok(result)) => host::finish(Ok(&result)),
        Some(Err(error)) => host::finish(Err(&error.0)),
        // Suspended: another invocation answers.
        None => {}
    }
}

fn decode<E: DeserializeOwned>(input: &str) -> Result<E, WireError> {
    serde_json::from_str(input).map_err(|error| {
        let expected = std::any::type_name::<E>();
        WireError::new(INPUT_UNREADABLE, format!("the input is not the {expected} that the handler takes: {error}"))
    })
}

fn encode<O: Serialize>(output: &O) -> Result<String, WireError> {
    serde_json::to_string(output).map_err(|error| {
        let given = std::any::type_name::<O>();
        WireError::new(OUTPUT_UNWRITABLE, format!("the handler's {given} cannot be written as JSON: {error}"))
    })
}

/// Returns what the execution fails with: the operation's kind and recorded message, the type of a
/// typed error, or `HandlerError`.
fn failure(error: &BoxError) -> WireError {
    let mut wire = WireError::of(error, HANDLER_FAILED);
    if let Some(operation) = error.downcast_ref::<OperationError>() {
        wire.0.error_type = Some(operation.kind().name().to_owned());
    }
    wire
}

fn report_panic(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("a panic whose payload is not text");
    let site = info.location().map_or(CallSite { file: "", line: 0, column: 0 }, |location| CallSite {
        file: location.file(),
        line: location.line(),
        column: location.column(),
    });
    host::panicked(message, site);
}
