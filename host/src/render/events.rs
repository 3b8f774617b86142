//! A history as a table: one line to an event, in the execution's own time.

use durabox_runtime::model::{Event, EventDetails, Timestamp};

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
            event.name.clone().or_else(|| event.id.as_deref().map(short_id)).unwrap_or_default(),
            shortened(&clean(&details(&event.details, start)).replace('\n', " "), MAX_PAYLOAD),
        ]);
    }
    columns(&rows)
}

fn short_id(id: &str) -> String {
    format!("({})", id.chars().take(8).collect::<String>())
}

fn details(details: &EventDetails, start: Timestamp) -> String {
    let payload = |payload: &Option<String>| payload.clone().unwrap_or_default();
    match details {
        EventDetails::ExecutionStarted(event) => payload(&event.details.input.payload),
        EventDetails::ExecutionSucceeded(event) => payload(&event.details.result.payload),
        EventDetails::ContextSucceeded(event) => payload(&event.details.result.payload),
        EventDetails::StepSucceeded(event) => payload(&event.details.result.payload),
        EventDetails::ExecutionFailed(event) => error(event.details.error.payload.as_ref()),
        EventDetails::ExecutionStopped(event) => error(event.details.error.payload.as_ref()),
        EventDetails::ContextFailed(event) => error(event.details.error.payload.as_ref()),
        EventDetails::ExecutionTimedOut(event) => {
            error(event.details.error.as_ref().and_then(|error| error.payload.as_ref()))
        }
        EventDetails::StepFailed(event) => {
            let retry = &event.details.retry_details;
            let next = match retry.next_attempt_delay_seconds {
                Some(seconds) => format!(", next in {seconds}s"),
                None => String::new(),
            };
            let error = error(event.details.error.payload.as_ref());
            format!("attempt {}{next}: {error}", retry.current_attempt)
        }
        EventDetails::WaitStarted(event) => {
            format!("until +{}", duration(event.details.scheduled_end_timestamp.since(start)))
        }
        EventDetails::InvocationCompleted(event) => {
            let error = event.details.error.as_ref().and_then(|error| error.payload.as_ref()).map(error_text);
            error.map(|error| format!("crashed: {error}")).unwrap_or_default()
        }
        _ => String::new(),
    }
}

fn error(error: Option<&durabox_runtime::model::ErrorObject>) -> String {
    error.map(error_text).unwrap_or_default()
}
