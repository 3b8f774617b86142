//! Why a guest stopped, and what that makes of the invocation.
//!
//! The host's own reasons travel through wasmtime as a typed [`Stop`]; nothing here reads texts.

use std::time::Duration;

use durabox_engine::replay::{CallSite, Fault};
use durabox_model::ErrorObject;
use wasmtime::{FrameInfo, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::InvocationEnd;

/// A reason of the host's to stop a guest.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error("refused")]
    Refused(ErrorObject),
    #[error("a checkpoint was rejected")]
    Rejected(ErrorObject),
    #[error("a checkpoint could not be made")]
    Unavailable(ErrorObject),
    #[error("memory limit of {} MiB reached", limit / (1024 * 1024))]
    OutOfMemory { limit: u64 },
    #[error("limit of {limit} table elements reached")]
    TableFull { limit: usize },
    #[error("the deadline has passed")]
    Timedout,
}

impl Stop {
    /// Returns the reason for a call that no correct SDK makes.
    pub(super) fn contract(problem: String) -> Self {
        Self::Fault(Fault::Contract(problem))
    }

    pub(super) fn refused(message: String) -> Self {
        Self::Refused(ErrorObject::new("Sandbox.Refused", message))
    }
}

/// What is known of a guest that did not answer.
pub(super) struct Silence<'a> {
    pub(super) suspended: bool,
    pub(super) panic: Option<&'a (String, CallSite)>,
    pub(super) request_id: &'a str,
    pub(super) deadline: Duration,
}

impl Silence<'_> {
    /// Says how the invocation ended, from what `main` came to.
    pub(super) fn end(&self, result: wasmtime::Result<Result<(), ()>>) -> InvocationEnd {
        let error = match result {
            Ok(Ok(())) => return self.returned(),
            Ok(Err(())) => return crashed("`main` failed without an answer".into()),
            Err(error) => error,
        };
        let error = match error.downcast::<Stop>() {
            Ok(stop) => return self.stopped(stop),
            Err(error) => error,
        };
        match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(0)) if self.suspended => return InvocationEnd::Suspended,
            Some(I32Exit(code)) => return crashed(format!("the handler exited with code {code} without an answer")),
            None => {}
        }
        let backtrace = error.downcast_ref::<WasmBacktrace>().map(WasmBacktrace::frames).unwrap_or_default();
        let message = match (self.panic, error.downcast_ref::<Trap>()) {
            (Some((message, site)), _) => format!("the handler panicked at {site}: {message}"),
            (None, Some(Trap::StackOverflow)) => too_deep(backtrace),
            // Rust keeps a second stack, in memory, which grows down to address 0 and out of it.
            (None, Some(Trap::MemoryOutOfBounds)) if is_recursion(backtrace) => too_deep(backtrace),
            (None, Some(trap)) => format!("the handler trapped: {trap}"),
            (None, None) => format!("the handler stopped: {error:#}"),
        };
        InvocationEnd::Crashed(ErrorObject { stack_trace: stack_trace(backtrace), ..exit_error(message) })
    }

    fn returned(&self) -> InvocationEnd {
        if self.suspended { InvocationEnd::Suspended } else { crashed("the handler returned without an answer".into()) }
    }

    fn stopped(&self, stop: Stop) -> InvocationEnd {
        match stop {
            Stop::Fault(fault) => InvocationEnd::Fault(fault),
            Stop::Refused(error) => InvocationEnd::Refused(error),
            Stop::Rejected(error) => InvocationEnd::Rejected(error),
            Stop::Unavailable(error) => InvocationEnd::Crashed(error),
            Stop::OutOfMemory { .. } | Stop::TableFull { .. } => crashed(stop.to_string()),
            Stop::Timedout => {
                let seconds = self.deadline.as_secs_f64();
                let message =
                    format!("RequestId: {} Error: Task timed out after {seconds:.2} seconds", self.request_id);
                InvocationEnd::Crashed(ErrorObject::new("Sandbox.Timedout", message))
            }
        }
    }
}

fn crashed(message: String) -> InvocationEnd {
    InvocationEnd::Crashed(exit_error(message))
}

fn exit_error(message: String) -> ErrorObject {
    ErrorObject::new("Runtime.ExitError", message)
}

fn too_deep(backtrace: &[FrameInfo]) -> String {
    let function = backtrace.first().map(function).unwrap_or_default();
    format!("the handler's call stack is exhausted in `{function}`: it recurses too deep")
}

/// Whether the innermost function stands again and again in the backtrace, of which wasmtime
/// keeps the innermost 20 frames.
fn is_recursion(backtrace: &[FrameInfo]) -> bool {
    let Some(innermost) = backtrace.first() else { return false };
    backtrace.iter().filter(|frame| frame.func_index() == innermost.func_index()).count() > 4
}

/// Returns the guest's functions, innermost first, a run of the same one once.
fn stack_trace(backtrace: &[FrameInfo]) -> Vec<String> {
    let mut functions: Vec<_> = backtrace.iter().map(function).collect();
    functions.dedup();
    functions
}

fn function(frame: &FrameInfo) -> String {
    match frame.func_name() {
        Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
        None => format!("function {}", frame.func_index()),
    }
}
