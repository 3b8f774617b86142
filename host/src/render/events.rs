//! A history as a table: one line to an event, in the execution's own time.

use std::time::Duration;

use durabox_runtime::model::{Event, EventDetails, EventError, EventPayload, Timestamp};

use super::operation::error_text;
use super::text::{clean, columns, duration, shortened};

/// Longest payload in the table, characters.
const MAX_PAYLOAD: usize = 100;

/// Returns the table's lines, its header first.
pub fn table(events: &[Event]) -> Vec<String> {
    let start = events.first().map(|event| event.event_timestamp).unwrap_or_default();
    let mut rows = vec![["#", "time", "event", "operation", "details"].map(str::to_owned).to_vec()];
    for event in events {
        rows.push(vec![
            event.event_id.to_string(),
            format!("+{}", duration(event.event_timestamp.since(start))),
            event.details.event_type().to_owned(),
            event
                .name
                .as_ref()
                .map(ToString::to_string)
                .or_else(|| event.id.as_deref().map(short_id))
                .unwrap_or_default(),
            shortened(&clean(&details(&event.details, start)).replace('\n', " "), MAX_PAYLOAD),
        ]);
    }
    columns(&rows)
}

fn short_id(id: &str) -> String {
    format!("({})", id.chars().take(8).collect::<String>())
}

fn details(details: &EventDetails, start: Timestamp) -> String {
    use EventDetails as Event;
    match details {
        Event::ExecutionStarted(event) => payload(&event.details.input),
        Event::ExecutionPaused(event) => event.details.reason.as_ref().map(payload).unwrap_or_default(),
        Event::ExecutionResumed(event) => event.details.reason.as_ref().map(payload).unwrap_or_default(),
        Event::ExecutionSucceeded(event) => payload(&event.details.result),
        Event::ContextSucceeded(event) => payload(&event.details.result),
        Event::StepSucceeded(event) => payload(&event.details.result),
        Event::CallbackSucceeded(event) => payload(&event.details.result),
        Event::ChainedInvokeSucceeded(event) => payload(&event.details.result),
        Event::ExecutionFailed(event) => error(&event.details.error),
        Event::ExecutionStopped(event) => error(&event.details.error),
        Event::ContextFailed(event) => error(&event.details.error),
        Event::CallbackFailed(event) => error(&event.details.error),
        Event::CallbackTimedOut(event) => error(&event.details.error),
        Event::ChainedInvokeFailed(event) => error(&event.details.error),
        Event::ChainedInvokeTimedOut(event) => error(&event.details.error),
        Event::ChainedInvokeStopped(event) => error(&event.details.error),
        Event::ExecutionTimedOut(event) => event.details.error.as_ref().map(error).unwrap_or_default(),
        Event::WaitCancelled(event) => event.details.error.as_ref().map(error).unwrap_or_default(),
        Event::StepFailed(event) => {
            let retry = &event.details.retry_details;
            let next = match retry.next_attempt_delay_seconds {
                Some(seconds) => format!(", next in {seconds}s"),
                None => String::new(),
            };
            format!("attempt {}{next}: {}", retry.current_attempt, error(&event.details.error))
        }
        Event::WaitStarted(event) => {
            format!("until +{}", duration(event.details.scheduled_end_timestamp.since(start)))
        }
        Event::CallbackStarted(event) => timeouts(event.details.timeout, event.details.heartbeat_timeout),
        Event::ChainedInvokeStarted(event) => {
            let input = event.details.input.as_ref().map(payload).unwrap_or_default();
            format!("{} {input}", event.details.function_name)
        }
        Event::InvocationCompleted(event) => match &event.details.error {
            Some(crash) => format!("crashed: {}", error(crash)),
            None => String::new(),
        },
        Event::ContextStarted(_) | Event::StepStarted(_) | Event::WaitSucceeded(_) => String::new(),
    }
}

/// Returns `timeout 1h, heartbeat timeout 5m` of what a callback has.
fn timeouts(timeout: Option<u64>, heartbeat: Option<u64>) -> String {
    let text =
        |what: &str, seconds: Option<u64>| seconds.map(|s| format!("{what} {}", duration(Duration::from_secs(s))));
    let known = [text("timeout", timeout), text("heartbeat timeout", heartbeat)];
    known.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn payload(payload: &EventPayload) -> String {
    payload.payload.clone().unwrap_or_default()
}

fn error(error: &EventError) -> String {
    error.payload.as_deref().map(error_text).unwrap_or_default()
}
