use durabox_runtime::engine::service::{CallbackError, CheckpointError, PauseError};
use durabox_runtime::model::ErrorObject;
use durabox_runtime::store::StoreError;

/// Why a request was not carried out, by the exception that Lambda answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// `InvalidParameterValueException`
    #[error("{0}")]
    InvalidParameter(String),
    /// `InvalidParameterValueException`: the token is not, or no longer, the execution's current one.
    #[error("Invalid checkpoint token")]
    StaleToken,
    /// `InvalidParameterValueException`: what a checkpoint asks for cannot be.
    #[error("{0}")]
    Checkpoint(CheckpointError),
    /// `InvalidRequestContentException`
    #[error("{0}")]
    InvalidRequestContent(String),
    /// `ResourceNotFoundException`
    #[error("{0}")]
    NotFound(String),
    /// `ResourceConflictException`
    #[error("{0}")]
    Conflict(String),
    /// `DurableExecutionAlreadyStartedException`
    #[error("Execution already started: {0}")]
    AlreadyStarted(String),
    /// `CallbackTimeoutException`
    #[error("{0}")]
    CallbackTimeout(String),
    /// `RequestTooLargeException`
    #[error("{0}")]
    RequestTooLarge(String),
    /// `TooManyRequestsException`
    #[error("{message}")]
    TooManyRequests {
        /// Lambda's word for which limit it is.
        reason: &'static str,
        /// Which limit, and how much it is.
        message: String,
    },
    /// `ServiceException`
    #[error("{0}")]
    Service(String),
}

impl ServiceError {
    /// Returns the error of one invocation too many.
    pub fn too_many_invocations(message: impl Into<String>) -> Self {
        Self::TooManyRequests { reason: "ConcurrentInvocationLimitExceeded", message: message.into() }
    }

    /// Returns the exception's name.
    pub const fn exception(&self) -> &'static str {
        match self {
            Self::InvalidParameter(_) | Self::StaleToken | Self::Checkpoint(_) => "InvalidParameterValueException",
            Self::InvalidRequestContent(_) => "InvalidRequestContentException",
            Self::NotFound(_) => "ResourceNotFoundException",
            Self::Conflict(_) => "ResourceConflictException",
            Self::AlreadyStarted(_) => "DurableExecutionAlreadyStartedException",
            Self::CallbackTimeout(_) => "CallbackTimeoutException",
            Self::RequestTooLarge(_) => "RequestTooLargeException",
            Self::TooManyRequests { .. } => "TooManyRequestsException",
            Self::Service(_) => "ServiceException",
        }
    }

    /// Returns the error as an execution's history has it.
    pub fn error_object(&self) -> ErrorObject {
        ErrorObject::new(self.exception(), self.to_string())
    }

    /// Returns the operation that is at fault, where the error is about a limit.
    pub fn operation_id(&self) -> Option<&str> {
        match self {
            Self::Checkpoint(error) => error.operation_id(),
            _ => None,
        }
    }
}

impl From<CheckpointError> for ServiceError {
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::InvalidToken => Self::StaleToken,
            error => Self::Checkpoint(error),
        }
    }
}

impl From<CallbackError> for ServiceError {
    fn from(error: CallbackError) -> Self {
        let message = error.to_string();
        match error {
            CallbackError::NotFound { .. } => Self::NotFound(message),
            CallbackError::Closed { .. } | CallbackError::ExecutionClosed { .. } => Self::CallbackTimeout(message),
            CallbackError::ResultTooLarge { .. } | CallbackError::ErrorTooLarge { .. } => {
                Self::InvalidParameter(message)
            }
        }
    }
}

impl From<PauseError> for ServiceError {
    fn from(error: PauseError) -> Self {
        let message = error.to_string();
        match error {
            PauseError::Conflict { .. } => Self::Conflict(message),
            PauseError::ReasonTooLong(_) => Self::InvalidParameter(message),
        }
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.to_string())
    }
}
