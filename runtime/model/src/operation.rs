use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::wire::wire;
use crate::{ErrorObject, Timestamp};

/// The kinds of operation that Lambda knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", try_from = "SmolStr")]
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

impl TryFrom<SmolStr> for OperationType {
    /// In Lambda's words.
    type Error = &'static str;

    fn try_from(text: SmolStr) -> Result<Self, Self::Error> {
        let all = [Self::Execution, Self::Context, Self::Step, Self::Wait, Self::Callback, Self::ChainedInvoke];
        all.into_iter().find(|one| one.as_str() == text).ok_or("Unknown operation type.")
    }
}

/// The sub-types that the official SDKs use.
pub mod sub_type {
    /// A step.
    pub const STEP: &str = "Step";
    /// A wait.
    pub const WAIT: &str = "Wait";
    /// A callback.
    pub const CALLBACK: &str = "Callback";
    /// A chained invoke.
    pub const CHAINED_INVOKE: &str = "ChainedInvoke";
    /// A child context opened by `run_in_child_context`.
    pub const RUN_IN_CHILD_CONTEXT: &str = "RunInChildContext";
    /// A map: the context of its iterations.
    pub const MAP: &str = "Map";
    /// One iteration of a map.
    pub const MAP_ITERATION: &str = "MapIteration";
    /// A parallel: the context of its branches.
    pub const PARALLEL: &str = "Parallel";
    /// One branch of a parallel.
    pub const PARALLEL_BRANCH: &str = "ParallelBranch";
    /// A context that holds a callback and the step that submits its id.
    pub const WAIT_FOR_CALLBACK: &str = "WaitForCallback";
    /// A step whose attempts poll for a condition.
    pub const WAIT_FOR_CONDITION: &str = "WaitForCondition";
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
    /// To be paused at the next checkpoint of the invocation under way, or when that ends.
    Pausing,
    /// Not invoked until it is resumed; its operations go on.
    Paused,
    Succeeded,
    Failed,
    TimedOut,
    Stopped,
}

impl ExecutionStatus {
    /// Whether the execution has closed.
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Running | Self::Pausing | Self::Paused)
    }

    /// Returns the wire spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Pausing => "PAUSING",
            Self::Paused => "PAUSED",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
        }
    }
}

wire! {
    /// One operation of an execution, as Lambda keeps it and hands it to the function.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Operation {
        /// Unique in its execution; chosen by the SDK, opaque to Lambda.
        pub id: SmolStr,
        /// The context that it belongs to; absent at the top.
        pub parent_id: Option<SmolStr>,
        /// The author's name for it.
        pub name: Option<SmolStr>,
        /// Its kind.
        #[serde(rename = "Type")]
        pub operation_type: OperationType,
        /// The SDK's finer kind.
        pub sub_type: Option<SmolStr>,
        /// When its first update arrived.
        pub start_timestamp: Timestamp,
        /// When it ended.
        pub end_timestamp: Option<Timestamp>,
        /// Where it stands.
        pub status: OperationStatus,
        /// Of an EXECUTION.
        pub execution_details: Option<Box<ExecutionDetails>>,
        /// Of a CONTEXT.
        pub context_details: Option<ContextDetails>,
        /// Of a STEP.
        pub step_details: Option<StepDetails>,
        /// Of a WAIT.
        pub wait_details: Option<WaitDetails>,
        /// Of a CALLBACK.
        pub callback_details: Option<Box<CallbackDetails>>,
        /// Of a CHAINED_INVOKE.
        pub chained_invoke_details: Option<Box<ChainedInvokeDetails>>,
    }
}

impl Operation {
    /// Returns an operation that has just started, without details.
    pub fn started(id: impl Into<SmolStr>, operation_type: OperationType, now: Timestamp) -> Self {
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
            OperationType::Context => self.context_details.as_ref()?.error.as_deref(),
            OperationType::Step => self.step_details.as_ref()?.error.as_deref(),
            OperationType::Callback => self.callback_details.as_ref()?.error.as_deref(),
            OperationType::ChainedInvoke => self.chained_invoke_details.as_ref()?.error.as_deref(),
            OperationType::Execution | OperationType::Wait => None,
        }
    }

    /// Whether this is a context whose children must run again on replay to rebuild its result.
    pub fn replays_children(&self) -> bool {
        self.context_details.as_ref().is_some_and(|details| details.replay_children)
    }
}

wire! {
    /// Details of an EXECUTION.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(default)]
    pub struct ExecutionDetails {
        /// The input event, JSON text.
        pub input_payload: Option<String>,
    }

    /// Details of a CONTEXT.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(default)]
    pub struct ContextDetails {
        /// Whether the children are needed to rebuild the result.
        #[serde(deserialize_with = "crate::null_is_default")]
        pub replay_children: bool,
        /// The result, JSON text.
        pub result: Option<String>,
        /// The error.
        pub error: Option<Box<ErrorObject>>,
    }

    /// Details of a STEP.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(default)]
    pub struct StepDetails {
        /// Attempts that have finished; the running one is the next.
        #[serde(deserialize_with = "crate::null_is_default")]
        pub attempt: u32,
        /// When the next attempt is due, while PENDING.
        pub next_attempt_timestamp: Option<Timestamp>,
        /// The result, or the state that a retry carried.
        pub result: Option<String>,
        /// The error of the last attempt that failed.
        pub error: Option<Box<ErrorObject>>,
    }

    /// Details of a WAIT.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(default)]
    pub struct WaitDetails {
        /// When the wait ends.
        pub scheduled_end_timestamp: Option<Timestamp>,
    }

    /// Details of a CALLBACK.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(default)]
    pub struct CallbackDetails {
        /// The id to answer with; made by Lambda.
        pub callback_id: Option<String>,
        /// The result.
        pub result: Option<String>,
        /// The error.
        pub error: Option<Box<ErrorObject>>,
    }

    /// Details of a CHAINED_INVOKE.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(default)]
    pub struct ChainedInvokeDetails {
        /// The result.
        pub result: Option<String>,
        /// The error.
        pub error: Option<Box<ErrorObject>>,
    }
}
