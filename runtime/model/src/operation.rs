use serde::{Deserialize, Serialize};

use crate::{ErrorObject, Timestamp};

/// The kinds of operation that Lambda knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum OperationType {
    Execution,
    Context,
    Step,
    Wait,
    Callback,
    ChainedInvoke,
}

impl OperationType {
    /// Returns the wire spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Execution => "EXECUTION",
            Self::Context => "CONTEXT",
            Self::Step => "STEP",
            Self::Wait => "WAIT",
            Self::Callback => "CALLBACK",
            Self::ChainedInvoke => "CHAINED_INVOKE",
        }
    }
}

/// The sub-types that the official SDKs use.
pub mod sub_type {
    /// A step.
    pub const STEP: &str = "Step";
    /// A wait.
    pub const WAIT: &str = "Wait";
    /// A child context opened by `run_in_child_context`.
    pub const RUN_IN_CHILD_CONTEXT: &str = "RunInChildContext";
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperationStatus {
    /// Begun and not ended.
    Started,
    /// A step that waits for its next attempt.
    Pending,
    /// A step whose next attempt is due.
    Ready,
    /// Ended well.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Cancelled before it ended.
    Cancelled,
    /// Ended by a timeout.
    TimedOut,
    /// Stopped from outside.
    Stopped,
}

impl OperationStatus {
    /// Whether nothing can change this operation any more.
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Started | Self::Pending | Self::Ready)
    }

    /// Returns the wire spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "STARTED",
            Self::Pending => "PENDING",
            Self::Ready => "READY",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
        }
    }
}

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum ExecutionStatus {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Stopped,
}

impl ExecutionStatus {
    /// Whether the execution has closed.
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Running)
    }

    /// Returns the wire spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
        }
    }
}

/// One operation of an execution, as Lambda keeps it and hands it to the function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Operation {
    /// Unique in its execution; chosen by the SDK, opaque to Lambda.
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
    /// When its first update arrived.
    pub start_timestamp: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_timestamp: Option<Timestamp>,
    /// Where it stands.
    pub status: OperationStatus,
    /// Of an EXECUTION.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub execution_details: Option<ExecutionDetails>,
    /// Of a CONTEXT.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub context_details: Option<ContextDetails>,
    /// Of a STEP.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step_details: Option<StepDetails>,
    /// Of a WAIT.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wait_details: Option<WaitDetails>,
    /// Of a CALLBACK.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub callback_details: Option<CallbackDetails>,
    /// Of a CHAINED_INVOKE.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub chained_invoke_details: Option<ChainedInvokeDetails>,
}

impl Operation {
    /// Returns an operation that has just started, without details.
    pub fn started(id: impl Into<String>, operation_type: OperationType, now: Timestamp) -> Self {
        Self {
            id: id.into(),
            parent_id: None,
            name: None,
            operation_type,
            sub_type: None,
            start_timestamp: now,
            end_timestamp: None,
            status: OperationStatus::Started,
            execution_details: None,
            context_details: None,
            step_details: None,
            wait_details: None,
            callback_details: None,
            chained_invoke_details: None,
        }
    }

    /// Returns the result, if the operation has one.
    pub fn result(&self) -> Option<&str> {
        let result = match self.operation_type {
            OperationType::Context => &self.context_details.as_ref()?.result,
            OperationType::Step => &self.step_details.as_ref()?.result,
            OperationType::Callback => &self.callback_details.as_ref()?.result,
            OperationType::ChainedInvoke => &self.chained_invoke_details.as_ref()?.result,
            OperationType::Execution | OperationType::Wait => return None,
        };
        result.as_deref()
    }

    /// Returns the error, if the operation has one.
    pub fn error(&self) -> Option<&ErrorObject> {
        match self.operation_type {
            OperationType::Context => self.context_details.as_ref()?.error.as_ref(),
            OperationType::Step => self.step_details.as_ref()?.error.as_ref(),
            OperationType::Callback => self.callback_details.as_ref()?.error.as_ref(),
            OperationType::ChainedInvoke => self.chained_invoke_details.as_ref()?.error.as_ref(),
            OperationType::Execution | OperationType::Wait => None,
        }
    }

    /// Whether this is a context whose children must run again on replay to rebuild its result.
    pub fn replays_children(&self) -> bool {
        self.context_details.as_ref().is_some_and(|details| details.replay_children)
    }
}

/// Details of an EXECUTION.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ExecutionDetails {
    /// The input event, JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_payload: Option<String>,
}

/// Details of a CONTEXT.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContextDetails {
    /// Whether the children are needed to rebuild the result.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replay_children: bool,
    /// The result, JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorObject>,
}

/// Details of a STEP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct StepDetails {
    /// Attempts that have finished; the running one is the next.
    pub attempt: u32,
    /// When the next attempt is due, while PENDING.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_timestamp: Option<Timestamp>,
    /// The result, or the state that a retry carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The error of the last attempt that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorObject>,
}

/// Details of a WAIT.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct WaitDetails {
    /// When the wait ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_end_timestamp: Option<Timestamp>,
}

/// Details of a CALLBACK.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CallbackDetails {
    /// The id to answer with; made by Lambda.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_id: Option<String>,
    /// The result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorObject>,
}

/// Details of a CHAINED_INVOKE.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ChainedInvokeDetails {
    /// The result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorObject>,
}
