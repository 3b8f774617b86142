use std::fmt;

use durabox_model::{
    ExecutionStatus, MAX_CALLBACK_RESULT_SIZE, MAX_CALLBACK_TIMEOUT_SECONDS, MAX_CHECKPOINT_UPDATES,
    MAX_FUNCTION_NAME_LENGTH, MAX_ID_LENGTH, MAX_NAME_LENGTH, MAX_PAYLOAD_SIZE, MAX_SUB_TYPE_LENGTH, MAX_WAIT_SECONDS,
    OperationStatus, SmolStr, Timestamp,
};

/// Why a checkpoint was rejected. The texts are Lambda's where one is known; all of them are
/// `InvalidParameterValueException` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum CheckpointError {
    #[error("Invalid checkpoint token")]
    InvalidToken,
    #[error("Invalid marker")]
    InvalidMarker,
    #[error("Cannot checkpoint multiple EXECUTION updates.")]
    MultipleExecutionUpdates,
    #[error("EXECUTION checkpoint must be the last update.")]
    ExecutionUpdateNotLast,
    #[error("Cannot checkpoint multiple operations with the same ID.")]
    DuplicateId,
    #[error("Invalid parent operation id.")]
    InvalidParent,
    #[error("Inconsistent operation type.")]
    InconsistentType,
    #[error("Inconsistent operation subtype.")]
    InconsistentSubType,
    #[error("Inconsistent operation name.")]
    InconsistentName,
    #[error("Inconsistent parent operation id.")]
    InconsistentParent,
    #[error("Invalid action for the given operation type.")]
    InvalidAction,
    #[error("Invalid current STEP state to start.")]
    StepNotStartable,
    #[error("Invalid current STEP state to close.")]
    StepNotClosable,
    #[error("Invalid current STEP state to re-attempt.")]
    StepNotRetryable,
    #[error("Invalid StepOptions for the given action.")]
    MissingStepOptions,
    #[error("Cannot provide both error and payload to RETRY a STEP.")]
    RetryWithBoth,
    #[error("Cannot provide a Payload for FAIL action.")]
    PayloadOnFail,
    #[error("Cannot provide an Error for SUCCEED action.")]
    ErrorOnSucceed,
    #[error("Invalid STEP action.")]
    InvalidStepAction,
    #[error("Cannot start a CONTEXT that already exist.")]
    ContextExists,
    #[error("Invalid current CONTEXT state to close.")]
    ContextNotClosable,
    #[error("Cannot start a WAIT that already exist.")]
    WaitExists,
    #[error("Cannot cancel a WAIT that does not exist or has already completed.")]
    WaitNotCancellable,
    #[error("Invalid WAIT action.")]
    InvalidWaitAction,
    #[error("Invalid WaitOptions for the given action.")]
    MissingWaitOptions,
    #[error("Cannot start a CALLBACK that already exist.")]
    CallbackExists,
    #[error("Invalid action for CALLBACK operation.")]
    InvalidCallbackAction,
    #[error("Cannot start an INVOKE that already exist.")]
    InvokeExists,
    #[error("Cannot cancel an INVOKE that does not exist or has already completed.")]
    InvokeNotCancellable,
    #[error("Invalid INVOKE action.")]
    InvalidInvokeAction,
    #[error("Invalid ChainedInvokeOptions for the given action.")]
    MissingChainedInvokeOptions,
    #[error("{0} output payload size must be less than or equal to {MAX_PAYLOAD_SIZE} bytes, got {1}")]
    PayloadTooLarge(&'static str, usize),
    #[error("EXECUTION output payload size must be less than or equal to {limit} bytes, got {size}")]
    ResultTooLarge { size: usize, limit: usize },
    #[error("Error object size must be less than or equal to {MAX_PAYLOAD_SIZE} bytes, got {0}")]
    ErrorTooLarge(usize),
    #[error("operation id must be 1 to {MAX_ID_LENGTH} characters of [a-zA-Z0-9-_], got {0:?}")]
    InvalidId(String),
    #[error("operation name must be 1 to {MAX_NAME_LENGTH} characters of printable ASCII, got {0:?}")]
    InvalidName(String),
    #[error("operation sub-type must be 1 to {MAX_SUB_TYPE_LENGTH} characters of [a-zA-Z0-9-_], got {0:?}")]
    InvalidSubType(String),
    #[error("{0} must be 1 to {MAX_WAIT_SECONDS} seconds, got {1}")]
    SecondsOutOfRange(&'static str, u64),
    #[error("{0} must be 0 (none) to {MAX_CALLBACK_TIMEOUT_SECONDS} seconds, got {1}")]
    TimeoutOutOfRange(&'static str, u64),
    #[error("FunctionName must be 1 to {MAX_FUNCTION_NAME_LENGTH} characters, got {0}")]
    InvalidFunctionName(usize),
    #[error("FunctionName must be a function's name or an ARN of it, got {0:?}")]
    MalformedFunctionName(String),
    #[error("a checkpoint takes at most {MAX_CHECKPOINT_UPDATES} updates, got {0}")]
    TooManyUpdates(usize),
    #[error(
        "an execution takes at most {} durable operations, retries included; {} would make it {}; \
         do more in one step, or move a part into a function that is invoked", .0.limit, .0, .0.measured
    )]
    TooManyOperations(OverLimit),
    #[error(
        "an execution persists at most {} bytes; {} adds {} and would make it {}; \
         store large data elsewhere and return where it is", .0.limit, .0, .0.added, .0.measured
    )]
    TooManyBytes(OverLimit),
    #[error(
        "a checkpoint takes at most {} bytes; {} adds {} and would make it {}; \
         send it in a checkpoint of its own", .0.limit, .0, .0.added, .0.measured
    )]
    CheckpointTooLarge(OverLimit),
}

impl CheckpointError {
    /// Returns the id of the operation that is at fault, where the error is about a limit.
    pub fn operation_id(&self) -> Option<&str> {
        match self {
            Self::TooManyOperations(over) | Self::TooManyBytes(over) | Self::CheckpointTooLarge(over) => {
                Some(&over.operation_id)
            }
            _ => None,
        }
    }
}

/// A limit, and the operation whose update goes over it. Writes the operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverLimit {
    /// The limit.
    pub limit: u64,
    /// What the update adds.
    pub added: u64,
    /// What it would be with the update.
    pub measured: u64,
    /// The operation.
    pub operation_id: SmolStr,
    /// The operation's type, as on the wire.
    pub operation_type: &'static str,
    /// The operation's name.
    pub operation_name: Option<SmolStr>,
}

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.operation_name {
            Some(name) => write!(f, "{} {name:?} ({})", self.operation_type, self.operation_id),
            None => write!(f, "{} {}", self.operation_type, self.operation_id),
        }
    }
}

/// Why an answer to a callback was refused, and what it is on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// `ResourceNotFoundException`.
    #[error("no callback of execution {execution_arn} has the id {callback_id:?}")]
    NotFound {
        /// The id that was given.
        callback_id: String,
        /// The execution that was asked.
        execution_arn: String,
    },
    /// `CallbackTimeoutException`: expired, or already answered.
    #[error("callback {name:?} takes an answer while it is STARTED, it is {} since {end}", status.as_str())]
    Closed {
        /// The callback's name, else its operation id.
        name: String,
        /// How the callback ended.
        status: OperationStatus,
        /// When it ended.
        end: Timestamp,
    },
    /// `CallbackTimeoutException`: nobody waits any more.
    #[error("callback {name:?} takes an answer while its execution is RUNNING, it is {} since {end}", status.as_str())]
    ExecutionClosed {
        /// The callback's name, else its operation id.
        name: String,
        /// How the execution closed.
        status: ExecutionStatus,
        /// When it closed.
        end: Timestamp,
    },
    /// `InvalidParameterValueException`.
    #[error("a callback's result takes at most {MAX_CALLBACK_RESULT_SIZE} bytes, got {size}")]
    ResultTooLarge {
        /// The result's size, bytes.
        size: usize,
    },
    /// `InvalidParameterValueException`.
    #[error("a callback's error takes at most {MAX_PAYLOAD_SIZE} bytes, got {size}")]
    ErrorTooLarge {
        /// The error's size, bytes.
        size: usize,
    },
}

/// Why a function's answer to an invocation is invalid. The texts are Lambda's where one is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum InvalidOutput {
    #[error("Cannot provide an Error for SUCCEEDED status.")]
    ErrorOnSucceeded,
    #[error("Cannot provide a Result for FAILED status.")]
    ResultOnFailed,
    #[error("Invalid Status in invocation output.")]
    InvalidStatus,
    #[error("EXECUTION output payload size must be less than or equal to {limit} bytes, got {size}")]
    ResultTooLarge { size: usize, limit: usize },
    #[error("Cannot return PENDING status with no pending operations.")]
    NothingPending,
}
