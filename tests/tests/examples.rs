//! The examples, each run to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use durabox::runtime::local::{Run, RunOptions};
use durabox::runtime::model::{ExecutionStatus, Operation, OperationType};
use durabox::runtime::verify::Verdict;
use durabox_tests::handlers::{run, run_with};
use durabox_tests::server::{Answer, Server};

fn succeeded(name: &str, input: &str, result: &str) -> Run {
    let run = run(name, input);
    assert_eq!(run.execution.status(), ExecutionStatus::Succeeded, "{:?}", run.execution.error());
    assert_eq!(run.execution.result(), Some(result));
    assert_eq!(run.shadow.as_ref().expect("a shadow replay").verdict, Verdict::Follows);
    run
}

fn depth(operations: &[Arc<Operation>], operation: &Operation) -> usize {
    let parent = operations.iter().find(|candidate| Some(&candidate.id) == operation.parent_id.as_ref());
    parent.map_or(0, |parent| 1 + depth(operations, parent))
}

/// Returns type and name of every operation in start order, children indented.
fn tree(run: &Run) -> Vec<String> {
    let operations = &run.execution.operations()[1..];
    operations
        .iter()
        .map(|op| {
            let name = op.name.as_deref().unwrap_or("-");
            format!("{}{} {name}", "  ".repeat(depth(operations, op)), op.operation_type.as_str())
        })
        .collect()
}

#[test]
fn hello_world_greets() {
    let run = succeeded("hello_world", r#"{"name":"Ada"}"#, r#""Hello, Ada!""#);
    assert_eq!(tree(&run), ["STEP greet"]);
    assert_eq!(run.invocations.len(), 1);
}

#[test]
fn retries_sleeps_between_its_attempts() {
    let run = succeeded("retries", "{}", r#""answered attempt 3""#);
    assert_eq!(run.invocations.len(), 3);
    let step = run.execution.operations()[1].step_details.clone().expect("a step");
    assert_eq!(step.attempt, 3);
}

#[test]
fn order_waits_a_year() {
    let receipt = r#"{"order":"42","payment":"payment of 1299 for reservation-42","closed":true}"#;
    let run = succeeded("order", r#"{"id":"42","amount":1299}"#, receipt);
    assert_eq!(tree(&run), ["STEP reserve", "STEP charge", "WAIT warranty", "STEP close"]);
    let end = run.execution.end_timestamp().expect("an end");
    assert_eq!(end.since(run.execution.start_timestamp()).as_secs(), 365 * 24 * 3600);
    let lines: Vec<_> = run.invocations.iter().flat_map(|i| &i.logs).map(|line| line.message.as_str()).collect();
    assert_eq!(lines, ["order received", "charging", "order paid", "warranty is over"]);
}

#[test]
fn nested_contexts_nest() {
    let run = succeeded("nested_contexts", "{}", r#""flight and hotel with room 7""#);
    assert_eq!(
        tree(&run),
        [
            "CONTEXT trip",
            "  STEP book-flight",
            "  CONTEXT hotel",
            "    STEP choose-room",
            "    WAIT hold",
            "    STEP book-room"
        ]
    );
}

#[test]
fn concurrent_operations_run_side_by_side() {
    let run = succeeded("concurrent", "{}", "321");
    let waits: Vec<_> =
        run.execution.operations().iter().filter(|op| op.operation_type == OperationType::Wait).collect();
    assert_eq!(waits.len(), 3);
    assert_eq!(waits[1].start_timestamp, waits[2].start_timestamp, "the two spawned waits run at once");
    assert_eq!(run.invocations.len(), 3);
}

#[test]
fn http_step_reserves_at_a_shop_that_fails_once() {
    let failures = AtomicU32::new(0);
    let shop = Server::start(move |request| {
        let sold_out = request.body.contains("boat");
        Some(match (sold_out, failures.fetch_add(1, Ordering::Relaxed)) {
            (true, _) => Answer::new(409, ""),
            (false, 0) => Answer::new(503, "try again"),
            (false, _) => Answer::new(201, r#"{"number":7}"#),
        })
    });
    let reserve = |item: &str| {
        let allowed_hosts = vec![shop.authority().parse().expect("a host")];
        let input = format!(r#"{{"shop":"{}","item":"{item}"}}"#, shop.url(""));
        let run = run_with("http_step", &input, RunOptions { allowed_hosts, ..RunOptions::default() });
        assert_eq!(run.shadow.as_ref().expect("a shadow replay").verdict, Verdict::Follows);
        (run.execution.result().map(str::to_owned), run.invocations.len())
    };
    assert_eq!(reserve("bicycle"), (Some(r#""bicycle is reserved, number 7""#.into()), 2));
    assert_eq!(reserve("boat"), (Some(r#""boat is sold out""#.into()), 1));
    assert_eq!(shop.requests().len(), 3, "no replay asks");
}
