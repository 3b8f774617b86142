use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::wire::wire;
use crate::{ErrorObject, EventDetails, Timestamp};

/// One event of an execution's history, as `GetDurableExecutionHistory` answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    /// Position in the history, from 1 without gaps.
    pub event_id: u64,
    /// When it happened.
    pub event_timestamp: Timestamp,
    /// The SDK's finer kind of the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_type: Option<SmolStr>,
    /// The operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<SmolStr>,
    /// The operation's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<SmolStr>,
    /// The operation's context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<SmolStr>,
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
    pub payload: Option<Box<ErrorObject>>,
    /// Whether the error was left out.
    pub truncated: bool,
}

impl EventError {
    /// Returns a whole error.
    pub fn new(payload: Option<impl Into<Box<ErrorObject>>>) -> Self {
        Self { payload: payload.map(Into::into), truncated: false }
    }
}

wire! {
    /// Which attempt of a step an event closes.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct RetryDetails {
        /// The attempt, from 1.
        pub current_attempt: u32,
        /// Seconds to the next attempt; absent when there is none.
        pub next_attempt_delay_seconds: Option<u64>,
    }
}
