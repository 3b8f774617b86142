//! How errors look on the wire, and how they come back from it.

use std::error::Error;
use std::fmt;

use crate::BoxError;
use crate::bindings::host::{FailedStatus, Failure};
use crate::error::OperationError;

/// ErrorType of a result that could not be serialised.
pub(crate) const SERIALIZATION_FAILED: &str = "SerializationError";
/// ErrorType of an at-most-once attempt that started and never reported.
pub(crate) const STEP_INTERRUPTED: &str = "StepInterruptedError";
/// ErrorType of a context's body, when its error has no type of its own.
pub(crate) const CHILD_FAILED: &str = "ChildFnError";

/// How many causes of an error are looked at for its type.
const CHAIN_LIMIT: usize = 10;

/// Lambda's ErrorObject: an error as it is recorded.
#[derive(Clone)]
pub struct WireError(pub(crate) Failure);

impl WireError {
    pub(crate) fn new(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Failure {
            error_type: Some(error_type.into()),
            error_message: Some(message.into()),
            error_data: None,
            stack_trace: Vec::new(),
        })
    }

    /// Returns what is recorded of `error`. Its type is that which the record has of it, or that
    /// of a [`TypedError`] among its causes, or its kind's name, or else `otherwise`.
    pub(crate) fn of(error: &(dyn Error + 'static), otherwise: &str) -> Self {
        let typed = || chain(error).find_map(|error| error.downcast_ref::<TypedError>()).map(TypedError::error_type);
        let error_type = if let Some(operation) = error.downcast_ref::<OperationError>() {
            let recorded = operation.wire().and_then(Self::error_type);
            recorded.or_else(typed).unwrap_or_else(|| operation.kind().name())
        } else if let Some(replayed) = error.downcast_ref::<ReplayedFailure>() {
            replayed.error_type().unwrap_or(otherwise)
        } else {
            typed().unwrap_or(otherwise)
        };
        Self::typed(error, error_type)
    }

    /// Returns what is recorded of `error` under `error_type`. Data and stack trace are those
    /// that the record has of it or of a cause.
    pub(crate) fn typed(error: &(dyn Error + 'static), error_type: &str) -> Self {
        let mut wire = Self::new(error_type, chain_text(error));
        for recorded in chain(error).filter_map(recorded) {
            if wire.0.error_data.is_none() {
                wire.0.error_data.clone_from(&recorded.0.error_data);
            }
            if wire.0.stack_trace.is_empty() {
                wire.0.stack_trace.clone_from(&recorded.0.stack_trace);
            }
        }
        wire
    }

    /// Returns ErrorType.
    pub fn error_type(&self) -> Option<&str> {
        self.0.error_type.as_deref()
    }

    /// Returns ErrorMessage.
    pub fn error_message(&self) -> Option<&str> {
        self.0.error_message.as_deref()
    }

    /// Returns ErrorData.
    pub fn error_data(&self) -> Option<&str> {
        self.0.error_data.as_deref()
    }

    /// Returns StackTrace, empty when there is none.
    pub fn stack_trace(&self) -> &[String] {
        &self.0.stack_trace
    }
}

impl Default for WireError {
    fn default() -> Self {
        Self(Failure { error_type: None, error_message: None, error_data: None, stack_trace: Vec::new() })
    }
}

impl PartialEq for WireError {
    fn eq(&self, other: &Self) -> bool {
        self.error_type() == other.error_type()
            && self.error_message() == other.error_message()
            && self.error_data() == other.error_data()
            && self.stack_trace() == other.stack_trace()
    }
}

impl Eq for WireError {}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.error_type(), self.error_message()) {
            (Some(error_type), Some(message)) => write!(f, "{error_type}: {message}"),
            (Some(text), None) | (None, Some(text)) => f.write_str(text),
            (None, None) => f.write_str("unknown error"),
        }
    }
}

impl fmt::Debug for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireError")
            .field("error_type", &self.0.error_type)
            .field("error_message", &self.0.error_message)
            .field("error_data", &self.0.error_data)
            .field("stack_trace", &self.0.stack_trace)
            .finish()
    }
}

/// Stands in for the original error when an operation failed in an earlier invocation.
#[derive(Clone, Debug)]
pub struct ReplayedFailure(pub(crate) WireError);

impl ReplayedFailure {
    /// Returns the error as it was recorded.
    pub fn wire(&self) -> &WireError {
        &self.0
    }

    /// Returns ErrorType.
    pub fn error_type(&self) -> Option<&str> {
        self.0.error_type()
    }

    /// Returns ErrorMessage.
    pub fn error_message(&self) -> Option<&str> {
        self.0.error_message()
    }
}

impl fmt::Display for ReplayedFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.error_message().or(self.error_type()).unwrap_or("unknown error"))
    }
}

impl Error for ReplayedFailure {}

/// An error that is recorded under a name of its own as ErrorType, where others are just `Error`.
///
/// ```
/// # use durabox_sdk::TypedError;
/// let error = TypedError::new(std::fmt::Error);
/// assert_eq!(error.error_type(), "Error");
/// assert_eq!(TypedError::with_type("CardDeclined", "no funds").error_type(), "CardDeclined");
/// ```
#[derive(Debug)]
pub struct TypedError {
    error_type: String,
    error: BoxError,
}

impl TypedError {
    /// Names `error` by its type, without path and generics.
    pub fn new<E: Error + Send + Sync + 'static>(error: E) -> Self {
        Self::with_type(short_name(std::any::type_name::<E>()), error)
    }

    /// Names `error` `error_type`.
    pub fn with_type(error_type: impl Into<String>, error: impl Into<BoxError>) -> Self {
        Self { error_type: error_type.into(), error: error.into() }
    }

    /// Returns the name.
    pub fn error_type(&self) -> &str {
        &self.error_type
    }

    /// Returns the error that is named.
    pub fn inner(&self) -> &(dyn Error + 'static) {
        self.error.as_ref()
    }
}

impl fmt::Display for TypedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() { write_chain(f, &self.error_type, self.source()) } else { f.write_str(&self.error_type) }
    }
}

impl Error for TypedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.error.as_ref())
    }
}

fn short_name(type_name: &str) -> &str {
    let path = type_name.split('<').next().unwrap_or(type_name);
    path.rsplit("::").next().unwrap_or(path)
}

/// Returns the wire spelling.
pub(crate) fn status_name(status: FailedStatus) -> &'static str {
    match status {
        FailedStatus::Failed => "FAILED",
        FailedStatus::TimedOut => "TIMED_OUT",
        FailedStatus::Stopped => "STOPPED",
        FailedStatus::Cancelled => "CANCELLED",
    }
}

/// Returns an error and its causes, outermost first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source()).take(CHAIN_LIMIT)
}

/// Returns what the record has of an error.
fn recorded<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a WireError> {
    match error.downcast_ref::<OperationError>() {
        Some(operation) => operation.wire(),
        None => error.downcast_ref::<ReplayedFailure>().map(ReplayedFailure::wire),
    }
}

/// Returns the texts of an error and of all its causes.
pub(crate) fn chain_text(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Writes `text` and all the causes after it.
pub(crate) fn write_chain(
    f: &mut fmt::Formatter<'_>,
    text: &dyn fmt::Display,
    source: Option<&(dyn Error + 'static)>,
) -> fmt::Result {
    write!(f, "{text}")?;
    match source {
        Some(source) => write!(f, ": {}", chain_text(source)),
        None => Ok(()),
    }
}

/// An error with a sentence before it.
#[derive(Debug)]
pub(crate) struct Contextual {
    context: String,
    source: BoxError,
}

impl Contextual {
    pub(crate) fn boxed(context: impl Into<String>, source: impl Into<BoxError>) -> BoxError {
        Box::new(Self { context: context.into(), source: source.into() })
    }
}

impl fmt::Display for Contextual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl Error for Contextual {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}
