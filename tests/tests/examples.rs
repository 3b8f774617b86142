//! The examples, each tested as its author would: with a `DurableRunner` what both modes have, and with
//! a `LocalRunner` what only local mode has. In cloud mode each is deployed under its own name.

use std::time::Duration;

use durabox::runtime::model::EventDetails;
use durabox::{OperationNode, OperationStatus, TestResult};

#[path = "examples/batches.rs"]
mod batches;
#[path = "examples/callbacks.rs"]
mod callbacks;
#[path = "examples/invokes.rs"]
mod invokes;
#[path = "examples/retries.rs"]
mod retries;
#[path = "examples/side_by_side.rs"]
mod side_by_side;
#[path = "examples/steps.rs"]
mod steps;
#[path = "examples/workflows.rs"]
mod workflows;

/// Returns type and name of every operation, those of a context indented after it.
fn tree(result: &TestResult) -> Vec<String> {
    fn add(lines: &mut Vec<String>, nodes: &[OperationNode<'_>], depth: usize) {
        for OperationNode { operation, children } in nodes {
            let name = operation.name.as_deref().unwrap_or("-");
            lines.push(format!("{}{} {name}", "  ".repeat(depth), operation.operation_type.as_str()));
            add(lines, children, depth + 1);
        }
    }
    let mut lines = Vec::new();
    add(&mut lines, &result.tree(), 0);
    lines
}

/// Returns how the operations in a context stand, in start order.
fn statuses(result: &TestResult, context: &str) -> Vec<OperationStatus> {
    let context = result.operation(context).expect("a context");
    result.children(context).map(|operation| operation.status).collect()
}

/// Returns which attempt of a step was its last.
fn attempts(result: &TestResult, step: &str) -> Option<u32> {
    result.operation(step)?.step_details.as_ref().map(|details| details.attempt)
}

/// Returns the seconds between the attempts of a step, as they were recorded.
fn delays(result: &TestResult, step: &str) -> Vec<u64> {
    let events = result.events().iter().filter(|event| event.name.as_deref() == Some(step));
    let delays = events.filter_map(|event| match &event.details {
        EventDetails::StepFailed(failed) => failed.details.retry_details.next_attempt_delay_seconds,
        // A check of a condition that is not met yet.
        EventDetails::StepSucceeded(checked) => checked.details.retry_details.next_attempt_delay_seconds,
        _ => None,
    });
    delays.collect()
}

/// Returns the seconds of every wait of this name, as they were asked for.
fn waits(result: &TestResult, name: &str) -> Vec<u64> {
    let events = result.events().iter().filter(|event| event.name.as_deref() == Some(name));
    let seconds = events.filter_map(|event| match &event.details {
        EventDetails::WaitStarted(started) => Some(started.details.duration),
        _ => None,
    });
    seconds.collect()
}

/// Returns type and message of an operation's error.
fn error_of<'a>(result: &'a TestResult, operation: &str) -> Option<(&'a str, &'a str)> {
    let error = result.operation(operation)?.error()?;
    Some((error.error_type.as_deref()?, error.error_message.as_deref()?))
}

/// Returns what the execution failed with, for a person.
fn failure(result: &TestResult) -> &str {
    result.error().and_then(|error| error.error_message.as_deref()).unwrap_or_default()
}

/// Returns how long a local execution took, in its own time.
fn took(result: &TestResult) -> Duration {
    result.end().expect("an end").since(result.start())
}

/// Returns how many invocations of a local execution crashed.
fn crashes(result: &TestResult) -> usize {
    result.invocations().iter().filter(|invocation| invocation.crash.is_some()).count()
}
