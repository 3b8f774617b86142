//! How errors look on the wire, and how they come back from it.

use std::error::Error;
use std::fmt;

use crate::BoxError;
use crate::bindings::host::{FailedStatus, Failure};
use crate::error::OperationError;

/// ErrorType of a result that could not be serialised.
pub(crate) const SERIALIZATION_FAILED: &str = "SerializationFailedError";
/// ErrorType of an at-most-once attempt that started and never reported.
pub(crate) const STEP_INTERRUPTED: &str = "StepInterruptedError";

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

    /// Returns what is recorded of `error`: the type of a [`TypedError`], the recorded error of an
    /// operation's, `otherwise` for all else.
    pub(crate) fn of(error: &BoxError, otherwise: &str) -> Self {
        if let Some(typed) = error.downcast_ref::<TypedError>() {
            return Self::new(typed.error_type.clone(), typed.to_string());
        }
        match error.downcast_ref::<OperationError>() {
            Some(operation) => match operation.wire() {
                Some(wire) => wire.clone(),
                None => Self::new(operation.kind().name(), format!("{operation:#}")),
            },
            None => Self::new(otherwise, error.to_string()),
        }
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
}

impl fmt::Display for ReplayedFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
}

impl fmt::Display for TypedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
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

/// How an operation that did not succeed ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperationStatus {
    /// It failed.
    Failed,
    /// It took too long.
    TimedOut,
    /// Someone stopped it.
    Stopped,
    /// It was cancelled.
    Cancelled,
}

impl From<FailedStatus> for OperationStatus {
    fn from(status: FailedStatus) -> Self {
        match status {
            FailedStatus::Failed => Self::Failed,
            FailedStatus::TimedOut => Self::TimedOut,
            FailedStatus::Stopped => Self::Stopped,
            FailedStatus::Cancelled => Self::Cancelled,
        }
    }
}
