use std::collections::HashSet;

use durabox_runtime::engine::service::Metering;
use durabox_runtime::model::{ErrorObject, Event, EventDetails, EventError, EventPayload};

/// Returns what the execution of a history is metered for, by the same rules as that of a local run.
///
/// Payloads that the history leaves out are not counted, and neither are crashes that were not
/// retried, as those add nothing.
pub fn metering(events: &[Event]) -> Metering {
    let mut metering = Metering { operations: 1, bytes: 0 };
    let mut seen: HashSet<&str> = HashSet::new();
    for (index, event) in events.iter().enumerate() {
        let is_new = event.id.as_deref().is_some_and(|id| seen.insert(id));
        metering.operations += u64::from(is_new) + retries(event, &events[index + 1..]);
        metering.bytes += bytes(&event.details, &events[index + 1..]) as u64;
    }
    metering
}

/// Returns 1 for an attempt that is followed by another, and for a crash that is.
fn retries(event: &Event, later: &[Event]) -> u64 {
    let is_retried = match &event.details {
        EventDetails::StepFailed(end) => end.details.retry_details.next_attempt_delay_seconds.is_some(),
        EventDetails::StepSucceeded(end) => end.details.retry_details.next_attempt_delay_seconds.is_some(),
        EventDetails::InvocationCompleted(end) => end.details.error.is_some() && is_invoked_again(later),
        _ => false,
    };
    u64::from(is_retried)
}

fn is_invoked_again(later: &[Event]) -> bool {
    later.iter().any(|event| matches!(event.details, EventDetails::InvocationCompleted(_)))
}

fn bytes(details: &EventDetails, later: &[Event]) -> usize {
    use EventDetails as Event;
    match details {
        Event::ExecutionStarted(event) => payload(&event.details.input),
        Event::ExecutionSucceeded(event) => payload(&event.details.result),
        Event::ContextSucceeded(event) => payload(&event.details.result),
        Event::StepSucceeded(event) => payload(&event.details.result),
        Event::CallbackSucceeded(event) => payload(&event.details.result),
        Event::ChainedInvokeSucceeded(event) => payload(&event.details.result),
        Event::ChainedInvokeStarted(event) => event.details.input.as_ref().map_or(0, payload),
        Event::ExecutionFailed(event) => error(&event.details.error),
        Event::ExecutionStopped(event) => error(&event.details.error),
        Event::ContextFailed(event) => error(&event.details.error),
        Event::StepFailed(event) => error(&event.details.error),
        Event::CallbackFailed(event) => error(&event.details.error),
        Event::CallbackTimedOut(event) => error(&event.details.error),
        Event::ChainedInvokeFailed(event) => error(&event.details.error),
        Event::ChainedInvokeTimedOut(event) => error(&event.details.error),
        Event::ChainedInvokeStopped(event) => error(&event.details.error),
        Event::ExecutionTimedOut(event) => event.details.error.as_ref().map_or(0, error),
        Event::InvocationCompleted(event) if is_invoked_again(later) => event.details.error.as_ref().map_or(0, error),
        Event::InvocationCompleted(_)
        | Event::ExecutionPaused(_)
        | Event::ExecutionResumed(_)
        | Event::ContextStarted(_)
        | Event::StepStarted(_)
        | Event::WaitStarted(_)
        | Event::WaitSucceeded(_)
        | Event::WaitCancelled(_)
        | Event::CallbackStarted(_) => 0,
    }
}

fn payload(payload: &EventPayload) -> usize {
    payload.payload.as_ref().map_or(0, String::len)
}

fn error(error: &EventError) -> usize {
    error.payload.as_deref().map_or(0, ErrorObject::size)
}
