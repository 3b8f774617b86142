use serde::{Deserialize, Serialize};

use crate::wire::wire;
use crate::{EventError, EventPayload, RetryDetails, Timestamp};

/// Declares the event types, each with the members that Lambda puts under `<EventType>Details`.
macro_rules! details {
    ($($name:ident as $wire:literal { $($(#[$meta:meta])* $field:ident: $type:ty,)* })*) => {
        /// What an event says, by its type.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "EventType")]
        #[allow(missing_docs)]
        pub enum EventDetails {
            $($name($name),)*
        }

        impl EventDetails {
            /// Returns the `EventType`.
            pub const fn event_type(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }
        }

        $(
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

            wire! {$(
                #[doc = concat!("Lambda's `", $wire, "`.")]
                #[derive(Clone, Debug, Default, PartialEq)]
                pub struct $name {
                    $($(#[$meta])* pub $field: $type,)*
                }
            )*}
        }
    };
}

details! {
    ExecutionPaused as "ExecutionPausedDetails" {
        /// When the pause was asked for; the event's own time is when it took effect.
        pause_request_timestamp: Timestamp,
        /// Why.
        reason: Option<EventPayload>,
        /// Whether the execution timeout stands still too; Lambda always says so.
        execution_timeout_paused: Option<bool>,
    }
    ExecutionResumed as "ExecutionResumedDetails" {
        /// When it was asked for.
        resume_request_timestamp: Timestamp,
        /// Why.
        reason: Option<EventPayload>,
    }
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
        duration: Option<u64>,
    }
    WaitCancelled as "WaitCancelledDetails" {
        /// The error.
        error: Option<EventError>,
    }
    CallbackStarted as "CallbackStartedDetails" {
        /// The id to answer with.
        callback_id: String,
        /// How long the callback may stay open, seconds; absent for ever.
        timeout: Option<u64>,
        /// How long it may stay silent, seconds; absent for ever.
        heartbeat_timeout: Option<u64>,
    }
    CallbackSucceeded as "CallbackSucceededDetails" {
        /// The result.
        result: EventPayload,
    }
    CallbackFailed as "CallbackFailedDetails" {
        /// The error.
        error: EventError,
    }
    CallbackTimedOut as "CallbackTimedOutDetails" {
        /// The error, of type `Callback.Timeout` or `Callback.Heartbeat`.
        error: EventError,
    }
    ChainedInvokeStarted as "ChainedInvokeStartedDetails" {
        /// Name or ARN of the function.
        function_name: String,
        /// The tenant that it is invoked for.
        tenant_id: Option<String>,
        /// The input.
        input: Option<EventPayload>,
        /// The version that runs.
        executed_version: Option<String>,
        /// The execution that the invoke started, if the function is durable.
        durable_execution_arn: Option<String>,
    }
    ChainedInvokeSucceeded as "ChainedInvokeSucceededDetails" {
        /// The result.
        result: EventPayload,
    }
    ChainedInvokeFailed as "ChainedInvokeFailedDetails" {
        /// The error.
        error: EventError,
    }
    ChainedInvokeTimedOut as "ChainedInvokeTimedOutDetails" {
        /// The error.
        error: EventError,
    }
    ChainedInvokeStopped as "ChainedInvokeStoppedDetails" {
        /// The error.
        error: EventError,
    }
    InvocationCompleted as "InvocationCompletedDetails" {
        /// When the invocation began.
        start_timestamp: Timestamp,
        /// When it ended.
        end_timestamp: Timestamp,
        /// Its request id.
        request_id: String,
        /// Why it crashed.
        error: Option<EventError>,
    }
}
