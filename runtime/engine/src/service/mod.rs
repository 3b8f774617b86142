//! What Lambda does for one durable execution.
//!
//! [`Execution`] owns the operations, the history, the checkpoint tokens and the timers. A driver
//! performs its [`Effect`]s and tells it the time; nothing here performs or waits.

mod callback;
mod chained_invoke;
mod checkpoint;
mod error;
mod execution;
mod lifecycle;
mod metering;
mod operation;
mod pause;
mod saved;
mod state;
mod timer;
mod token;

pub use callback::callback_execution_arn;
pub use chained_invoke::{ChainedInvoke, ChainedInvokeEnd};
pub use error::{CallbackError, CheckpointError, InvalidOutput, OverLimit};
pub use execution::{Effect, Execution, ExecutionConfig, InvocationEnd, StartExecution};
pub use metering::Metering;
pub use pause::{Pause, PauseError};
pub use saved::Saved;
