//! Runs one invocation of a handler: a fresh instance, the durable contract, and a world in which
//! only what is granted exists.
//!
//! Handler code between operations sees time and randomness that are the same on every replay;
//! a step's body sees a clock that runs. Which of the two it is, [`Replay`] knows. What an
//! invocation means for its execution is decided elsewhere: the sandbox says how it ended.
//!
//! Denied unless granted: files, environment, arguments, requests over HTTP, memory beyond the
//! limit, time beyond the deadline. Files and requests are for steps only; any other network is
//! denied always.

mod allowed_host;
mod bindings;
mod clocks;
pub(crate) mod contract;
mod convert;
mod files;
mod host;
mod http;
mod invoke;
mod io;
mod limits;
mod linker;
mod operations;
mod options;
mod output;
mod random;
mod report;
mod step_hook;
mod step_stream;
mod stop;
#[cfg(test)]
pub(crate) mod tests;
mod ticker;

use std::pin::Pin;
use std::sync::Arc;

use durabox_engine::replay::Replay;
use durabox_engine::{CheckpointOutput, CheckpointRequest};
use durabox_model::ErrorObject;

use crate::clock::Clock;

pub use allowed_host::{AllowedHost, AllowedHostError};
pub(crate) use contract::CONTRACT;
#[cfg(feature = "compiler")]
pub(crate) use contract::CONTRACT_PACKAGE;
pub(crate) use host::Host;
pub(crate) use linker::linker;
pub use options::{InvokeOptions, Policy, Preopen, PreopenError, RandomSource};
pub use output::{LogLevel, LogLine, MAX_OUTPUT_BYTES, MAX_OUTPUT_LINES, Sink, Stream};
pub use report::{Ambient, AmbientRead, InvocationEnd, InvocationReport};
pub use step_hook::{StepAction, StepCall, StepHook};
pub(crate) use ticker::Ticker;

/// One invocation to run.
pub struct Invocation {
    /// The record, and what is done with it.
    pub replay: Replay,
    /// What the handler learns of the invocation.
    pub info: InvocationInfo,
    /// Where checkpoints go.
    pub client: Box<dyn CheckpointClient>,
    /// What steps take for the time.
    pub clock: Clock,
    /// How it is run.
    pub options: Arc<InvokeOptions>,
    /// Sees each line of output as it is kept.
    pub sink: Option<Sink>,
}

/// What a handler learns of its invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvocationInfo {
    /// ARN of the durable execution.
    pub execution_arn: String,
    /// The input event, JSON text.
    pub input: String,
    /// Lambda request id of this invocation.
    pub request_id: String,
    /// ARN of the function, with its qualifier.
    pub function_arn: String,
}

/// The service, as one invocation sees it.
pub trait CheckpointClient: Send {
    /// Makes a checkpoint. The answer is whole: a client follows `next_marker` itself.
    fn checkpoint<'a>(&'a mut self, request: CheckpointRequest) -> CheckpointFuture<'a>;
}

/// A checkpoint under way.
pub type CheckpointFuture<'a> = Pin<Box<dyn Future<Output = Result<CheckpointOutput, CheckpointFailure>> + Send + 'a>>;

/// Why a checkpoint was not made.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckpointFailure {
    /// Never will be: the execution ends as FAILED.
    Rejected {
        /// The service's reason.
        error: ErrorObject,
        /// The operation that is at fault, where the service says so.
        operation_id: Option<String>,
    },
    /// Not now: the invocation crashes and is retried.
    Unavailable(ErrorObject),
}
