use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::update::escaped_length;
use crate::wire::wire;
use crate::{ErrorObject, Operation, SmolStr};

/// What Lambda hands to a durable function.
///
/// Its wire form is [`InvocationEvent`](crate::InvocationEvent).
#[derive(Clone, Debug, PartialEq)]
pub struct InvocationInput {
    /// The execution.
    pub durable_execution_arn: String,
    /// The token for this invocation's first checkpoint.
    pub checkpoint_token: String,
    /// The first page of the state, the EXECUTION operation first.
    pub operations: Vec<Arc<Operation>>,
    /// Where the state goes on, if it does.
    pub next_marker: Option<String>,
    /// What changed outside the function since its last invocation.
    pub updated_operation_ids: Vec<SmolStr>,
}

/// How a durable function answers an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvocationStatus {
    /// The handler returned.
    Succeeded,
    /// The handler failed.
    Failed,
    /// Suspended until an operation moves.
    Pending,
}

wire! {
    /// The answer to an invocation.
    #[derive(Clone, Debug, PartialEq)]
    pub struct InvocationOutput {
        /// How the invocation ended. Absent is invalid, as Lambda says.
        pub status: Option<InvocationStatus>,
        /// The result, JSON text; empty when an EXECUTION checkpoint carried it.
        pub result: Option<String>,
        /// The error.
        pub error: Option<ErrorObject>,
    }
}

impl InvocationOutput {
    /// Returns the answer of a suspended function.
    pub const fn pending() -> Self {
        Self { status: Some(InvocationStatus::Pending), result: None, error: None }
    }

    /// Returns the answer of a function whose handler returned `result`.
    pub const fn succeeded(result: Option<String>) -> Self {
        Self { status: Some(InvocationStatus::Succeeded), result, error: None }
    }

    /// Returns the answer of a function whose handler failed.
    pub const fn failed(error: Option<ErrorObject>) -> Self {
        Self { status: Some(InvocationStatus::Failed), result: None, error }
    }

    /// Returns the bytes that count towards [`MAX_RESPONSE_SIZE`](crate::MAX_RESPONSE_SIZE): what result and
    /// error take in the answer, where they are texts inside JSON.
    pub fn wire_size(&self) -> usize {
        self.result.as_deref().map_or(0, escaped_length) + self.error.as_ref().map_or(0, ErrorObject::wire_size)
    }
}
