//! How an execution ended: status, result or error, and the operation that it failed with.

use std::sync::Arc;

use durabox_runtime::engine::service::Metering;
use durabox_runtime::local::Run;
use durabox_runtime::model::{ErrorObject, Operation, OperationStatus, OperationType};
use durabox_runtime::verify::Recorded;

use super::operation::{error_text, title_of};
use super::text::{clean, count, duration, shortened, thousands};
use super::tree::tree;
use crate::source::Sources;

/// Longest result or input in a summary, characters; JSON output has them whole.
const MAX_PAYLOAD: usize = 4000;

/// Returns what a summary of a run adds to that of its record: which invoke started it, and what it
/// is metered for. `executions` are those among which the invoke is found.
pub fn details<'a>(run: &Run, mut executions: impl Iterator<Item = &'a Run>) -> Vec<(&'static str, String)> {
    let mut details = Vec::new();
    if let Some(by) = &run.invoked_by {
        let parent = executions.find(|parent| parent.execution.arn() == by.execution_arn);
        let invoke = parent.and_then(|parent| {
            let mut operations = parent.execution.operations().iter();
            let operation = operations.find(|operation| operation.id == by.operation_id)?;
            Some(format!("{} of {}", title_of(operation), parent.execution_name))
        });
        details.push(("invoked by", invoke.unwrap_or_else(|| by.execution_arn.clone())));
    }
    details.push(("metered", metered(run.execution.metering())));
    details
}

/// Returns `4 operations, 1,234 bytes`.
pub fn metered(metering: Metering) -> String {
    let operations = count(usize::try_from(metering.operations).unwrap_or(usize::MAX), "operation");
    format!("{operations}, {} bytes", thousands(metering.bytes))
}

/// Returns the summary, with these details, and the operation tree, one line to an element.
pub fn summary(recorded: &Recorded, details: &[(&str, String)], sources: &Sources) -> Vec<String> {
    let mut lines = vec![
        format!("execution  {}", recorded.execution_name()),
        format!("status     {} {}", recorded.status.as_str(), circumstances(recorded)),
    ];
    lines.extend(details.iter().map(|(what, text)| format!("{what:<10} {text}")));
    if let Some(result) = &recorded.result {
        lines.push(format!("result     {}", shortened(&clean(result), MAX_PAYLOAD)));
    }
    if let Some(error) = &recorded.error {
        let text = clean(&error_text(error)).replace('\n', "\n           ");
        lines.push(format!("error      {text}"));
        if let Some(operation) = failing_operation(&recorded.operations, error) {
            lines.extend(place(recorded, operation, sources));
        }
    }
    let tree = tree(recorded);
    if !tree.is_empty() {
        lines.push(String::new());
        lines.extend(tree);
    }
    lines
}

/// Returns `after 365d, 3 invocations`.
fn circumstances(recorded: &Recorded) -> String {
    let invocations = recorded
        .events
        .iter()
        .filter(|event| matches!(event.details, durabox_runtime::model::EventDetails::InvocationCompleted(_)))
        .count();
    let start = recorded.events.first().map(|event| event.event_timestamp).unwrap_or_default();
    let end = recorded.events.last().map(|event| event.event_timestamp).unwrap_or_default();
    let word = if recorded.status.is_terminal() { "after" } else { "for" };
    format!("{word} {}, {}", duration(end.since(start)), count(invocations, "invocation"))
}

/// Returns the operation whose error is the execution's: the last one that failed with the same
/// message, or with one that the execution's message quotes.
pub fn failing_operation<'a>(operations: &'a [Arc<Operation>], error: &ErrorObject) -> Option<&'a Operation> {
    let whole = error.error_message.as_deref()?;
    operations.iter().rev().map(|operation| &**operation).find(|operation| {
        let failed = matches!(operation.status, OperationStatus::Failed | OperationStatus::TimedOut);
        let message = operation.error().and_then(|error| error.error_message.as_deref()).unwrap_or_default();
        failed
            && operation.operation_type != OperationType::Execution
            && (whole == message || (!message.is_empty() && whole.contains(message)))
    })
}

fn place(recorded: &Recorded, operation: &Operation, sources: &Sources) -> Vec<String> {
    let Some(site) = recorded.sites.get(&operation.id) else {
        return vec![format!("at         {}", title_of(operation))];
    };
    let mut lines = vec![format!("at         {}  {site}", title_of(operation))];
    if let Some(line) = sources.line(site) {
        lines.push(format!("           {} | {line}", site.line));
    }
    lines
}
