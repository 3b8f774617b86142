use durabox_model::{MAX_CHECKPOINT_UPDATES, MAX_ID_LENGTH, MAX_NAME_LENGTH, MAX_PAYLOAD_SIZE, MAX_SUB_TYPE_LENGTH};

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
    #[error("operation type {0} is not implemented by this service yet")]
    UnsupportedType(&'static str),
    #[error("{0} output payload size must be less than or equal to {MAX_PAYLOAD_SIZE} bytes, got {1}")]
    PayloadTooLarge(&'static str, usize),
    #[error("Error object size must be less than or equal to {MAX_PAYLOAD_SIZE} bytes, got {0}")]
    ErrorTooLarge(usize),
    #[error("operation id must be 1 to {MAX_ID_LENGTH} characters of [a-zA-Z0-9-_], got {0:?}")]
    InvalidId(String),
    #[error("operation name must be 1 to {MAX_NAME_LENGTH} characters of printable ASCII, got {0:?}")]
    InvalidName(String),
    #[error("operation sub-type must be 1 to {MAX_SUB_TYPE_LENGTH} characters of [a-zA-Z0-9-_], got {0:?}")]
    InvalidSubType(String),
    #[error("{0} must be 1 to 31622400 seconds, got {1}")]
    SecondsOutOfRange(&'static str, u64),
    #[error("a checkpoint takes at most {MAX_CHECKPOINT_UPDATES} updates, got {0}")]
    TooManyUpdates(usize),
}

/// Why a function's answer to an invocation is invalid. The texts are Lambda's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum InvalidOutput {
    #[error("Cannot provide an Error for SUCCEEDED status.")]
    ErrorOnSucceeded,
    #[error("Cannot provide a Result for FAILED status.")]
    ResultOnFailed,
    #[error("Invalid Status in invocation output.")]
    InvalidStatus,
    #[error("Cannot return PENDING status with no pending operations.")]
    NothingPending,
}
