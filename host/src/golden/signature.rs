use std::collections::HashMap;

use durabox_runtime::model::{ErrorObject, Event, EventDetails, EventError, EventPayload};

use crate::render::operation::title_of;
use crate::runner::TestResult;

/// How a line of an invocation begins.
pub(crate) const INVOCATION: &str = "InvocationCompleted";

/// Returns a history without what differs from run to run: a line to an event, with its type, the
/// path of its operation, and what the handler decided of it, separated by tabs.
pub fn signature(result: &TestResult) -> String {
    let paths = paths(result);
    let mut text = String::new();
    for event in result.events() {
        let operation = event.id.as_deref().and_then(|id| paths.get(id)).map(String::as_str).unwrap_or_default();
        let details = details(event);
        let line = [event.details.event_type(), operation, &details].join("\t");
        text.push_str(&line.trim_end().replace('\n', "\\n"));
        text.push('\n');
    }
    text
}

/// Returns the path of each operation by its id: titles from the outermost context inwards, with
/// `#2` after the second of the same title in its context.
pub(crate) fn paths(result: &TestResult) -> HashMap<&str, String> {
    let mut paths: HashMap<&str, String> = HashMap::new();
    let mut met: HashMap<(Option<&str>, String), usize> = HashMap::new();
    for operation in result.operations() {
        let title = title_of(operation);
        let parent = operation.parent_id.as_deref();
        let count = met.entry((parent, title.clone())).or_default();
        *count += 1;
        let own = if *count == 1 { title } else { format!("{title}#{count}") };
        let path = match parent.and_then(|parent| paths.get(parent)) {
            Some(context) => format!("{context} / {own}"),
            None => own,
        };
        paths.insert(&operation.id, path);
    }
    paths
}

fn details(event: &Event) -> String {
    use EventDetails as Event;
    match &event.details {
        Event::ExecutionStarted(event) => payload(&event.details.input),
        Event::ExecutionPaused(event) => event.details.reason.as_ref().map(payload).unwrap_or_default(),
        Event::ExecutionResumed(event) => event.details.reason.as_ref().map(payload).unwrap_or_default(),
        Event::ExecutionSucceeded(event) => payload(&event.details.result),
        Event::ContextSucceeded(event) => payload(&event.details.result),
        Event::CallbackSucceeded(event) => payload(&event.details.result),
        Event::ChainedInvokeSucceeded(event) => payload(&event.details.result),
        Event::StepSucceeded(event) => {
            let retry = &event.details.retry_details;
            let again = if retry.next_attempt_delay_seconds.is_some() { ", again later" } else { "" };
            format!("attempt {}{again}\t{}", retry.current_attempt, payload(&event.details.result))
        }
        Event::StepFailed(event) => {
            let retry = &event.details.retry_details;
            let again = if retry.next_attempt_delay_seconds.is_some() { ", again later" } else { "" };
            format!("attempt {}{again}\t{}", retry.current_attempt, error(&event.details.error))
        }
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
        Event::WaitStarted(event) => format!("{}s", event.details.duration),
        Event::CallbackStarted(event) => {
            let seconds = |what: &str, seconds: Option<u64>| seconds.map(|seconds| format!("{what} {seconds}s"));
            let known =
                [seconds("timeout", event.details.timeout), seconds("heartbeat", event.details.heartbeat_timeout)];
            known.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
        Event::ChainedInvokeStarted(event) => {
            // The deployed function may go by another name, and by an ARN.
            event.details.input.as_ref().map(payload).unwrap_or_default()
        }
        Event::InvocationCompleted(event) => match &event.details.error {
            Some(crash) => format!("crashed: {}", kind(crash)),
            None => String::new(),
        },
        Event::ContextStarted(_) | Event::StepStarted(_) | Event::WaitSucceeded(_) => String::new(),
    }
}

fn payload(payload: &EventPayload) -> String {
    payload.payload.clone().unwrap_or_default()
}

fn error(error: &EventError) -> String {
    error.payload.as_deref().map(text).unwrap_or_default()
}

fn text(error: &ErrorObject) -> String {
    let known = [&error.error_type, &error.error_message, &error.error_data];
    known.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(": ")
}

/// The message of a crash has a request id.
fn kind(error: &EventError) -> String {
    error.payload.as_ref().and_then(|error| error.error_type.clone()).unwrap_or_default()
}
