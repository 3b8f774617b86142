use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use hyper::body::Bytes;
use serde::Serialize;
use serde_json::Value;

/// Why there is no answer of the function.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// The function failed: Lambda answers 200 with `X-Amz-Function-Error: Unhandled` and a body.
    #[error(transparent)]
    Function(#[from] FunctionError),
    /// All processes that the function may have are busy: `TooManyRequestsException`.
    #[error("all {limit} processes of the function are busy")]
    TooManyRequests {
        /// [`super::ProcessConfig::max_concurrency`].
        limit: usize,
    },
    /// [`super::Processes::shutdown`] has been called.
    #[error("the function is being shut down")]
    ShuttingDown,
    /// A header cannot carry what the invocation says: `InvalidParameterValueException`.
    #[error("{what} of the invocation has characters that no header carries: {value:?}")]
    InvalidHeader {
        /// Which part.
        what: &'static str,
        /// What it is.
        value: String,
    },
    /// This machine could not start a process: `ServiceException`.
    #[error("no process for the function: {0}")]
    Service(#[from] io::Error),
}

/// A failed invocation, as Lambda reports it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error_type}: {message}")]
pub struct FunctionError {
    /// What happened.
    pub kind: FailureKind,
    /// `errorType`.
    pub error_type: String,
    /// `errorMessage`.
    pub message: String,
    /// The body of the answer: what the function posted, unchanged, or Lambda's own.
    pub body: Bytes,
}

/// What happened to an invocation that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The function reported an error for the event.
    Reported,
    /// The function reported that it cannot start.
    InitReported,
    /// The command cannot be started.
    Launch,
    /// The process took too long to start.
    InitTimedOut,
    /// The process ended.
    Exited,
    /// The process took too long, and was killed.
    TimedOut,
    /// The process had more memory resident than the function has, and was killed.
    OutOfMemory,
    /// The answer is larger than Lambda lets through.
    ResponseTooLarge,
    /// The answer broke off, or its headers are wrong.
    InvalidResponse,
}

/// The fields of an error that functions and Lambda have in common.
#[derive(Serialize)]
struct ErrorBody {
    #[serde(rename = "errorType")]
    error_type: String,
    #[serde(rename = "errorMessage")]
    message: String,
}

impl FunctionError {
    /// An error that the function posted, under the type that its body says or else its header. A body that
    /// is no error object is the message.
    pub(super) fn posted(kind: FailureKind, header: Option<String>, body: Bytes) -> Self {
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |name: &str| said[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let error_type = text("errorType").or(header).unwrap_or_else(|| "Runtime.Unknown".to_owned());
        let message = match said.is_object() {
            true => text("errorMessage").unwrap_or_default(),
            false => String::from_utf8_lossy(&body).into_owned(),
        };
        Self { kind, error_type, message, body }
    }

    /// An error that a function elsewhere reported, in its own words.
    pub fn reported(body: Bytes) -> Self {
        Self::posted(FailureKind::Reported, Some("Unhandled".to_owned()), body)
    }

    pub(super) fn exited(request_id: &str, status: ExitStatus) -> Self {
        Self::of(FailureKind::Exited, "Runtime.ExitError", format!("RequestId: {request_id} Error: {}", ending(status)))
    }

    pub(super) fn out_of_memory(request_id: &str) -> Self {
        let message = format!("RequestId: {request_id} Error: Runtime exited with error: signal: killed");
        Self::of(FailureKind::OutOfMemory, "Runtime.ExitError", message)
    }

    pub(super) fn timed_out(kind: FailureKind, request_id: &str, limit: Duration) -> Self {
        let seconds = limit.as_secs_f64();
        let message = format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds");
        Self::of(kind, "Sandbox.Timedout", message)
    }

    pub(super) fn launch(request_id: &str, error_type: &str, what: &str) -> Self {
        Self::of(FailureKind::Launch, error_type, format!("RequestId: {request_id} Error: {what}"))
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("Response payload size exceeded maximum allowed payload size ({limit} bytes).");
        Self::of(FailureKind::ResponseTooLarge, "Function.ResponseSizeTooLarge", message)
    }

    pub(super) fn invalid_response(request_id: &str, error_type: &str, what: &str) -> Self {
        Self::of(FailureKind::InvalidResponse, error_type, format!("RequestId: {request_id} Error: {what}"))
    }

    fn of(kind: FailureKind, error_type: &str, message: String) -> Self {
        let body = ErrorBody { error_type: error_type.to_owned(), message };
        let text = serde_json::to_vec(&body).expect("two strings are JSON");
        Self { kind, error_type: body.error_type, message: body.message, body: text.into() }
    }
}

/// Says how a process ended, in Lambda's words.
fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        (None, signal) => {
            let dumped = if status.core_dumped() { " (core dumped)" } else { "" };
            format!("Runtime exited with error: signal: {}{dumped}", signal_name(signal.unwrap_or_default()))
        }
    }
}

/// Names a signal as Go does, in which Lambda's side of the Runtime API is written.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}
