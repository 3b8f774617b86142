use serde::{Deserialize, Serialize};

use crate::{ErrorObject, Timestamp};

/// One event of an execution's history, as `GetDurableExecutionHistory` answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    /// Position in the history, from 1 without gaps.
    pub event_id: u64,
    /// When it happened.
    pub event_timestamp: Timestamp,
    /// The SDK's finer kind of the operation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sub_type: Option<String>,
    /// The operation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// The operation's name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The operation's context.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent_id: Option<String>,
    /// What happened; on the wire `EventType` and `<EventType>Details`.
    #[serde(flatten)]
    pub details: EventDetails,
}

/// A payload inside an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EventPayload {
    /// JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// Whether the payload was left out.
    pub truncated: bool,
}

impl EventPayload {
    /// Returns a whole payload.
    pub const fn new(payload: Option<String>) -> Self {
        Self { payload, truncated: false }
    }
}

/// An error inside an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EventError {
    /// The error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<ErrorObject>,
    /// Whether the error was left out.
    pub truncated: bool,
}

impl EventError {
    /// Returns a whole error.
    pub const fn new(payload: Option<ErrorObject>) -> Self {
        Self { payload, truncated: false }
    }
}

/// Which attempt of a step an event closes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RetryDetails {
    /// The attempt, from 1.
    pub current_attempt: u32,
    /// Seconds to the next attempt; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_delay_seconds: Option<u64>,
}

/// What an event says, by its type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "EventType")]
#[allow(missing_docs)]
pub enum EventDetails {
    ExecutionStarted(ExecutionStarted),
    ExecutionSucceeded(ExecutionSucceeded),
    ExecutionFailed(ExecutionFailed),
    ExecutionTimedOut(ExecutionTimedOut),
    ExecutionStopped(ExecutionStopped),
    ContextStarted(ContextStarted),
    ContextSucceeded(ContextSucceeded),
    ContextFailed(ContextFailed),
    StepStarted(StepStarted),
    StepSucceeded(StepSucceeded),
    StepFailed(StepFailed),
    WaitStarted(WaitStarted),
    WaitSucceeded(WaitSucceeded),
    WaitCancelled(WaitCancelled),
    InvocationCompleted(InvocationCompleted),
}

/// Declares the details of one event type: the members Lambda puts under `<EventType>Details`.
macro_rules! details {
    ($($name:ident as $wire:literal { $($(#[$meta:meta])* $field:ident: $type:ty,)* })*) => {$(
        #[doc = concat!("The event that carries `", $wire, "`.")]
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct $name {
            /// The details.
            #[serde(rename = $wire)]
            pub details: details::$name,
        }

        impl From<details::$name> for EventDetails {
            fn from(details: details::$name) -> Self {
                Self::$name($name { details })
            }
        }
    )*
    /// The details of each event type.
    pub mod details {
        use super::*;
        $(
            #[doc = concat!("Lambda's `", $wire, "`.")]
            #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
            #[serde(rename_all = "PascalCase")]
            pub struct $name { $($(#[$meta])* pub $field: $type,)* }
        )*
    }};
}

details! {
    ExecutionStarted as "ExecutionStartedDetails" {
        /// The input event.
        input: EventPayload,
        /// The execution timeout, seconds.
        execution_timeout: u64,
    }
    ExecutionSucceeded as "ExecutionSucceededDetails" {
        /// The result.
        result: EventPayload,
    }
    ExecutionFailed as "ExecutionFailedDetails" {
        /// The error.
        error: EventError,
    }
    ExecutionTimedOut as "ExecutionTimedOutDetails" {
        /// The error.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        error: Option<EventError>,
    }
    ExecutionStopped as "ExecutionStoppedDetails" {
        /// The error.
        error: EventError,
    }
    ContextStarted as "ContextStartedDetails" {}
    ContextSucceeded as "ContextSucceededDetails" {
        /// The result.
        result: EventPayload,
    }
    ContextFailed as "ContextFailedDetails" {
        /// The error.
        error: EventError,
    }
    StepStarted as "StepStartedDetails" {}
    StepSucceeded as "StepSucceededDetails" {
        /// The result.
        result: EventPayload,
        /// The attempt.
        retry_details: RetryDetails,
    }
    StepFailed as "StepFailedDetails" {
        /// The error.
        error: EventError,
        /// The attempt.
        retry_details: RetryDetails,
    }
    WaitStarted as "WaitStartedDetails" {
        /// How long, seconds.
        duration: u64,
        /// When it ends.
        scheduled_end_timestamp: Timestamp,
    }
    WaitSucceeded as "WaitSucceededDetails" {
        /// How long, seconds.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        duration: Option<u64>,
    }
    WaitCancelled as "WaitCancelledDetails" {
        /// The error.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        error: Option<EventError>,
    }
    InvocationCompleted as "InvocationCompletedDetails" {
        /// When the invocation began.
        start_timestamp: Timestamp,
        /// When it ended.
        end_timestamp: Timestamp,
        /// Its request id.
        request_id: String,
        /// Why it crashed.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        error: Option<EventError>,
    }
}

impl EventDetails {
    /// Returns the `EventType`.
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::ExecutionStarted(_) => "ExecutionStarted",
            Self::ExecutionSucceeded(_) => "ExecutionSucceeded",
            Self::ExecutionFailed(_) => "ExecutionFailed",
            Self::ExecutionTimedOut(_) => "ExecutionTimedOut",
            Self::ExecutionStopped(_) => "ExecutionStopped",
            Self::ContextStarted(_) => "ContextStarted",
            Self::ContextSucceeded(_) => "ContextSucceeded",
            Self::ContextFailed(_) => "ContextFailed",
            Self::StepStarted(_) => "StepStarted",
            Self::StepSucceeded(_) => "StepSucceeded",
            Self::StepFailed(_) => "StepFailed",
            Self::WaitStarted(_) => "WaitStarted",
            Self::WaitSucceeded(_) => "WaitSucceeded",
            Self::WaitCancelled(_) => "WaitCancelled",
            Self::InvocationCompleted(_) => "InvocationCompleted",
        }
    }
}
