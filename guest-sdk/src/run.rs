//! An invocation, from the input to the answer.

use std::error::Error;
use std::panic::PanicHookInfo;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::host::{self, CallSite};
use crate::context::DurableContext;
use crate::error::{CallbackErrorKind, OperationError, OperationErrorKind};
use crate::failure::WireError;
use crate::options::Options;
use crate::{BoxError, executor, log};

/// ErrorType of an input that is not what the handler takes.
const INPUT_UNREADABLE: &str = "InputDeserializationError";
/// ErrorType of a result that cannot be written.
const OUTPUT_UNWRITABLE: &str = "OutputSerializationError";
/// ErrorType of a handler's error that is neither typed nor an operation's.
const HANDLER_FAILED: &str = "HandlerError";
/// ErrorType of a handler that returned while spawned operations were running.
const LEFT_RUNNING: &str = "InvalidOperationUseError";

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
/// # fn main() -> Result<(), durabox_sdk::OptionsValidationError> {
/// let options = durabox_sdk::Options::builder().replay_logging(true).build()?;
/// durabox_sdk::run_with_options(handler, options);
/// # Ok(()) }
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
        Ok(event) => executor::run(async move { handler(event, context).await }).map(|result| {
            let output = result.map_err(|error| failure(&*error))?;
            left_running()?;
            encode(&output)
        }),
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

/// Fails when a handler returned well while operations that it had spawned were running: what they
/// would have done is lost.
fn left_running() -> Result<(), WireError> {
    let left = executor::take_left();
    let Some(first) = left.first() else { return Ok(()) };
    let name = first.name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
    let others = match left.len() {
        1 => String::new(),
        more => format!(", and {} more,", more - 1),
    };
    Err(WireError::new(
        LEFT_RUNNING,
        format!(
            "the handler returned while the operation{name} spawned at {}:{}{others} was running: await it, or drop it \
             before the handler's last await",
            first.site.file(),
            first.site.line()
        ),
    ))
}

/// Returns what the execution fails with. What somebody outside answered to a callback is passed
/// on as it is.
fn failure(error: &(dyn Error + 'static)) -> WireError {
    if let Some(operation) = error.downcast_ref::<OperationError>()
        && let OperationErrorKind::Callback(callback) = operation.kind()
        && *callback.kind() == CallbackErrorKind::ExternalFailure
        && let Some(wire) = operation.wire()
    {
        return wire.clone();
    }
    WireError::of(error, HANDLER_FAILED)
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
