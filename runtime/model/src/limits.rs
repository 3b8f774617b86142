//! Lambda's limits. The sources are the API model (botocore's `lambda` service model) and, where
//! that is silent, the official SDKs.

/// Longest `Id` of an operation, characters of `[a-zA-Z0-9-_]`. Source: API model.
pub const MAX_ID_LENGTH: usize = 64;
/// Longest operation `Name`, printable ASCII characters. Source: API model.
pub const MAX_NAME_LENGTH: usize = 256;
/// Longest `SubType`. Source: API model.
pub const MAX_SUB_TYPE_LENGTH: usize = 32;
/// Longest wait and retry delay, seconds (366 days). Source: API model.
pub const MAX_WAIT_SECONDS: u64 = 31_622_400;
/// Largest payload of one operation, bytes. Source: API model's text; the official SDKs
/// summarise from [`SUMMARY_THRESHOLD`] on.
pub const MAX_PAYLOAD_SIZE: usize = 1024 * 1024;
/// Above this many bytes a context's result is not recorded but rebuilt on replay. Source: official SDKs.
pub const SUMMARY_THRESHOLD: usize = 256 * 1024;
/// Most updates in one checkpoint. Source: official SDKs.
pub const MAX_CHECKPOINT_UPDATES: usize = 250;
/// Largest checkpoint, bytes of its updates' JSON; an update that is larger goes alone. Source: official SDKs.
pub const MAX_CHECKPOINT_SIZE: usize = 750 * 1024;
/// Largest input of a synchronous execution, bytes. Source: API model.
pub const MAX_INPUT_SIZE: usize = 6 * 1024 * 1024;
/// Largest result of an execution, bytes; of one that a chained invoke started [`MAX_PAYLOAD_SIZE`].
/// Source: API model.
pub const MAX_RESULT_SIZE: usize = 6 * 1024 * 1024;
/// Above this many bytes, as text inside the JSON of the answer, a result goes by an EXECUTION checkpoint: 6 MiB
/// less 50. Source: official SDKs, which do not count what the text becomes longer by in the answer.
pub const MAX_RESPONSE_SIZE: usize = 6 * 1024 * 1024 - 50;
/// Longest execution timeout, seconds (366 days). Source: API model.
pub const MAX_EXECUTION_TIMEOUT_SECONDS: u64 = 31_622_400;
/// Longest execution name, characters of `[a-zA-Z0-9-_]`. Source: API model.
pub const MAX_EXECUTION_NAME_LENGTH: usize = 64;
/// Operations answered to a page when the caller names no number. Source: API model.
pub const DEFAULT_PAGE_SIZE: usize = 100;
/// Most operations to a page. Source: API model.
pub const MAX_PAGE_SIZE: usize = 1000;
/// Most durable operations that one execution may be metered for. Source: Lambda's quotas.
pub const MAX_OPERATIONS: u64 = 3000;
/// Most data that one execution may persist, bytes (100 MB, taken as MiB). Source: Lambda's quotas.
pub const MAX_PERSISTED_BYTES: u64 = 100 * 1024 * 1024;
/// Longest reason for a pause or a resume, characters. Source: API model.
pub const MAX_PAUSE_REASON_LENGTH: usize = 1024;
/// Longest total and heartbeat timeout of a callback, seconds; 0 is none. Source: API model.
pub const MAX_CALLBACK_TIMEOUT_SECONDS: u64 = 99_999_999;
/// Longest `CallbackId`, characters of base64. Source: API model.
pub const MAX_CALLBACK_ID_LENGTH: usize = 1024;
/// Largest result that a callback may be answered with, bytes. Source: API model, newest; 256 KiB before.
pub const MAX_CALLBACK_RESULT_SIZE: usize = 1024 * 1024;
/// Longest `FunctionName` of a chained invoke, characters. Source: API model, newest; 140 before.
pub const MAX_FUNCTION_NAME_LENGTH: usize = 256;
