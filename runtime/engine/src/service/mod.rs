//! What Lambda does for one durable execution.
//!
//! [`Execution`] owns the operations, the history, the checkpoint tokens and the timers. A driver
//! performs its [`Effect`]s and tells it the time; nothing here performs or waits.

mod checkpoint;
mod error;
mod execution;
mod lifecycle;
mod operation;
mod state;
mod timer;
mod token;

pub use error::{CheckpointError, InvalidOutput};
pub use execution::{Effect, Execution, ExecutionConfig, InvocationEnd, StartExecution};
