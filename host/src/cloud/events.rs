//! The SDK's events as the model's, so that everything that reads histories reads those of the cloud.

use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types as sdk;
use durabox_runtime::model::{
    ErrorObject, Event, EventDetails, EventError, EventPayload, ExecutionStatus, RetryDetails, Timestamp, details,
};

/// Returns the model's event; nothing of an event of a kind that this version does not know.
pub(super) fn event(event: &sdk::Event) -> Option<Event> {
    Some(Event {
        event_id: positive(event.event_id),
        event_timestamp: event.event_timestamp.as_ref().map(timestamp).unwrap_or_default(),
        sub_type: event.sub_type.as_deref().map(Into::into),
        id: event.id.as_deref().map(Into::into),
        name: event.name.as_deref().map(Into::into),
        parent_id: event.parent_id.as_deref().map(Into::into),
        details: details_of(event)?,
    })
}

/// Lambda keeps milliseconds.
pub(super) fn timestamp(time: &DateTime) -> Timestamp {
    Timestamp::from_millis(time.to_millis().ok().and_then(|millis| u64::try_from(millis).ok()).unwrap_or_default())
}

pub(super) fn error(error: &sdk::ErrorObject) -> ErrorObject {
    ErrorObject {
        error_message: error.error_message.clone(),
        error_type: error.error_type.clone(),
        error_data: error.error_data.clone(),
        stack_trace: error.stack_trace.clone().unwrap_or_default(),
    }
}

/// Returns the model's status; an execution that is being
/// deleted has ended, and its next answer will be that it is not there.
pub(super) fn status(status: &sdk::ExecutionStatus) -> ExecutionStatus {
    match status {
        sdk::ExecutionStatus::Succeeded => ExecutionStatus::Succeeded,
        sdk::ExecutionStatus::Failed => ExecutionStatus::Failed,
        sdk::ExecutionStatus::TimedOut => ExecutionStatus::TimedOut,
        sdk::ExecutionStatus::Stopped => ExecutionStatus::Stopped,
        // The SDK does not know these yet, and hands their names on.
        status if status.as_str() == "PAUSING" => ExecutionStatus::Pausing,
        status if status.as_str() == "PAUSED" => ExecutionStatus::Paused,
        _ => ExecutionStatus::Running,
    }
}

fn positive(number: i32) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn input(payload: Option<&sdk::EventInput>) -> EventPayload {
    payload.map_or_else(EventPayload::default, |from| EventPayload {
        payload: from.payload.clone(),
        truncated: from.truncated.unwrap_or_default(),
    })
}

fn result(payload: Option<&sdk::EventResult>) -> EventPayload {
    payload.map_or_else(EventPayload::default, |from| EventPayload {
        payload: from.payload.clone(),
        truncated: from.truncated.unwrap_or_default(),
    })
}

fn failure(payload: Option<&sdk::EventError>) -> EventError {
    payload.map_or_else(EventError::default, |from| EventError {
        payload: from.payload.as_ref().map(error).map(Into::into),
        truncated: from.truncated.unwrap_or_default(),
    })
}

fn retry(retry: Option<&sdk::RetryDetails>) -> RetryDetails {
    retry.map_or_else(RetryDetails::default, |from| RetryDetails {
        current_attempt: u32::try_from(from.current_attempt).unwrap_or_default(),
        next_attempt_delay_seconds: from.next_attempt_delay_seconds.map(positive),
    })
}

fn details_of(event: &sdk::Event) -> Option<EventDetails> {
    use sdk::EventType as Type;
    Some(match event.event_type.as_ref()? {
        Type::ExecutionStarted => {
            let from = event.execution_started_details()?;
            details::ExecutionStarted {
                input: input(from.input()),
                execution_timeout: positive(from.execution_timeout),
            }
            .into()
        }
        Type::ExecutionSucceeded => {
            let from = event.execution_succeeded_details();
            details::ExecutionSucceeded { result: result(from.and_then(|from| from.result())) }.into()
        }
        Type::ExecutionFailed => {
            let from = event.execution_failed_details();
            details::ExecutionFailed { error: failure(from.and_then(|from| from.error())) }.into()
        }
        Type::ExecutionTimedOut => {
            let from = event.execution_timed_out_details().and_then(|from| from.error());
            details::ExecutionTimedOut { error: from.map(|from| failure(Some(from))) }.into()
        }
        Type::ExecutionStopped => {
            let from = event.execution_stopped_details();
            details::ExecutionStopped { error: failure(from.and_then(|from| from.error())) }.into()
        }
        Type::ContextStarted => details::ContextStarted {}.into(),
        Type::ContextSucceeded => {
            let from = event.context_succeeded_details();
            details::ContextSucceeded { result: result(from.and_then(|from| from.result())) }.into()
        }
        Type::ContextFailed => {
            let from = event.context_failed_details();
            details::ContextFailed { error: failure(from.and_then(|from| from.error())) }.into()
        }
        Type::StepStarted => details::StepStarted {}.into(),
        Type::StepSucceeded => {
            let from = event.step_succeeded_details()?;
            details::StepSucceeded { result: result(from.result()), retry_details: retry(from.retry_details()) }.into()
        }
        Type::StepFailed => {
            let from = event.step_failed_details()?;
            details::StepFailed { error: failure(from.error()), retry_details: retry(from.retry_details()) }.into()
        }
        Type::WaitStarted => {
            let from = event.wait_started_details()?;
            details::WaitStarted {
                duration: positive(from.duration),
                scheduled_end_timestamp: timestamp(&from.scheduled_end_timestamp),
            }
            .into()
        }
        Type::WaitSucceeded => {
            let from = event.wait_succeeded_details().and_then(|from| from.duration);
            details::WaitSucceeded { duration: from.map(positive) }.into()
        }
        Type::WaitCancelled => {
            let from = event.wait_cancelled_details().and_then(|from| from.error());
            details::WaitCancelled { error: from.map(|from| failure(Some(from))) }.into()
        }
        Type::CallbackStarted => {
            let from = event.callback_started_details()?;
            // 0 is no timeout, as is none.
            let seconds = |seconds: Option<i32>| seconds.map(positive).filter(|seconds| *seconds > 0);
            details::CallbackStarted {
                callback_id: from.callback_id.clone(),
                timeout: seconds(from.timeout),
                heartbeat_timeout: seconds(from.heartbeat_timeout),
            }
            .into()
        }
        Type::CallbackSucceeded => {
            let from = event.callback_succeeded_details();
            details::CallbackSucceeded { result: result(from.and_then(|from| from.result())) }.into()
        }
        Type::CallbackFailed => {
            let from = event.callback_failed_details();
            details::CallbackFailed { error: failure(from.and_then(|from| from.error())) }.into()
        }
        Type::CallbackTimedOut => {
            let from = event.callback_timed_out_details();
            details::CallbackTimedOut { error: failure(from.and_then(|from| from.error())) }.into()
        }
        Type::ChainedInvokeStarted => {
            let from = event.chained_invoke_started_details()?;
            details::ChainedInvokeStarted {
                function_name: from.function_name.clone(),
                tenant_id: from.tenant_id.clone(),
                input: from.input.as_ref().map(|from| input(Some(from))),
                executed_version: from.executed_version.clone(),
                durable_execution_arn: from.durable_execution_arn.clone(),
            }
            .into()
        }
        Type::ChainedInvokeSucceeded => {
            let from = event.chained_invoke_succeeded_details();
            details::ChainedInvokeSucceeded { result: result(from.and_then(|from| from.result())) }.into()
        }
        Type::ChainedInvokeFailed => {
            let from = event.chained_invoke_failed_details();
            details::ChainedInvokeFailed { error: failure(from.and_then(|from| from.error())) }.into()
        }
        Type::ChainedInvokeTimedOut => {
            let from = event.chained_invoke_timed_out_details();
            details::ChainedInvokeTimedOut { error: failure(from.and_then(|from| from.error())) }.into()
        }
        Type::ChainedInvokeStopped => {
            let from = event.chained_invoke_stopped_details();
            details::ChainedInvokeStopped { error: failure(from.and_then(|from| from.error())) }.into()
        }
        Type::InvocationCompleted => {
            let from = event.invocation_completed_details()?;
            let crash = from.error().filter(|error| error.payload.is_some());
            details::InvocationCompleted {
                start_timestamp: timestamp(&from.start_timestamp),
                end_timestamp: timestamp(&from.end_timestamp),
                request_id: from.request_id.clone(),
                error: crash.map(|from| failure(Some(from))),
            }
            .into()
        }
        _ => return None,
    })
}
