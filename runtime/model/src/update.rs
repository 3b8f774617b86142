use serde::{Deserialize, Serialize};

use crate::{ErrorObject, OperationType};

/// What an update does to its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum OperationAction {
    Start,
    Succeed,
    Fail,
    Retry,
    Cancel,
}

/// One change that a function checkpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OperationUpdate {
    /// The operation.
    pub id: String,
    /// The context that it belongs to; absent at the top.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent_id: Option<String>,
    /// The author's name for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Its kind.
    #[serde(rename = "Type")]
    pub operation_type: OperationType,
    /// The SDK's finer kind.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sub_type: Option<String>,
    /// What happens to it.
    pub action: OperationAction,
    /// A result, a state or an input, JSON text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub payload: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ErrorObject>,
    /// Of a CONTEXT.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub context_options: Option<ContextOptions>,
    /// Of a STEP's RETRY.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step_options: Option<StepOptions>,
    /// Of a WAIT's START.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wait_options: Option<WaitOptions>,
    /// Of a CALLBACK's START.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub callback_options: Option<CallbackOptions>,
    /// Of a CHAINED_INVOKE's START.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub chained_invoke_options: Option<ChainedInvokeOptions>,
}

impl OperationUpdate {
    /// Returns an update without anything optional.
    pub fn new(id: impl Into<String>, operation_type: OperationType, action: OperationAction) -> Self {
        Self {
            id: id.into(),
            parent_id: None,
            name: None,
            operation_type,
            sub_type: None,
            action,
            payload: None,
            error: None,
            context_options: None,
            step_options: None,
            wait_options: None,
            callback_options: None,
            chained_invoke_options: None,
        }
    }

    /// Returns about how many bytes the update adds to a checkpoint request, JSON included.
    pub fn wire_size(&self) -> usize {
        // What the members' names, quotes and fixed values take.
        const ENVELOPE: usize = 256;
        let texts = [&self.parent_id, &self.name, &self.sub_type, &self.payload];
        ENVELOPE
            + self.id.len()
            + texts.into_iter().flatten().map(|text| escaped_length(text)).sum::<usize>()
            + self.error.as_ref().map_or(0, ErrorObject::size)
    }
}

/// Returns the length of `text` inside a JSON string.
fn escaped_length(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
            0..0x20 => 6,
            _ => 1,
        })
        .sum()
}

/// Options of a CONTEXT.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContextOptions {
    /// Whether the children are needed to rebuild the result.
    pub replay_children: bool,
}

/// Options of a STEP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct StepOptions {
    /// Seconds to the next attempt, 1 to 31,622,400.
    pub next_attempt_delay_seconds: u64,
}

/// Options of a WAIT.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct WaitOptions {
    /// How long, 1 to 31,622,400 seconds.
    pub wait_seconds: u64,
}

/// Options of a CALLBACK; 0 seconds is no timeout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CallbackOptions {
    /// How long the callback may stay open, seconds.
    pub timeout_seconds: u64,
    /// How long it may stay silent, seconds.
    pub heartbeat_timeout_seconds: u64,
}

/// Options of a CHAINED_INVOKE.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ChainedInvokeOptions {
    /// Name or ARN of the function.
    pub function_name: String,
    /// Tenant to invoke it for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
}
