//! The two calls that the machines make on each other, as data.

use std::sync::Arc;

use durabox_model::{Operation, OperationUpdate};

/// `CheckpointDurableExecution`.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointRequest {
    /// The token that this checkpoint consumes.
    pub token: String,
    /// The changes, applied as one unit. Empty polls for what moved outside the function.
    pub updates: Vec<OperationUpdate>,
}

/// The answer to a checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckpointOutput {
    /// The next token; absent when the execution has just closed, or when a pause has cut the
    /// invocation short.
    pub token: Option<String>,
    /// The operations that changed since the function was last told, whole.
    pub operations: Vec<Arc<Operation>>,
    /// Where the list goes on, if it does: `GetDurableExecutionState` has the rest.
    pub next_marker: Option<String>,
}

/// The answer to `GetDurableExecutionState`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatePage {
    /// Operations in the order in which they started.
    pub operations: Vec<Arc<Operation>>,
    /// Where the list goes on, if it does.
    pub next_marker: Option<String>,
}
