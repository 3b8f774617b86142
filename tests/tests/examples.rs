//! The examples, each run to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use durabox::runtime::local::{CallbackAnswer, Functions, Run, RunOptions};
use durabox::runtime::model::{ExecutionStatus, Operation, OperationType};
use durabox::runtime::verify::Verdict;
use durabox_tests::handlers::{artifact, run, run_with};
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

/// Examples that need nothing from outside: the result of each, and how many operations it has.
const ALONE: [(&str, &str, usize); 23] = [
    ("at_most_once", r#""sent""#, 1),
    ("callback_timeout", r#""no answer: callback timed out""#, 1),
    ("completion_predicate", r#""stopped after 5, PREDICATE_MATCHED""#, 6),
    ("condition_deadline", r#""left: half an hour is enough""#, 1),
    ("custom_serdes", r#""to be""#, 1),
    ("join_all", r#""fulfilled 1, rejected (no)""#, 3),
    ("map", "[9,1,4]", 7),
    ("map_batch", r#""[10, 20, 40] reserved, items [2] failed, ALL_COMPLETED""#, 5),
    ("map_flat", "[1,2]", 3),
    ("map_item_namer", r#"["Lima: sun","Oslo: sun"]"#, 5),
    ("map_large", "400000", 10),
    ("map_percentage", r#""5 of 10 tried, FAILURE_TOLERANCE_EXCEEDED""#, 6),
    ("map_waits", r#"["day 3","day 1","day 2"]"#, 7),
    ("parallel", r#""3 left, 99 EUR""#, 5),
    ("parallel_first_two", r#"["quick","fair"]"#, 7),
    ("race", r#""too late""#, 4),
    ("retry_decision", r#""card declined""#, 1),
    ("retry_jitter", r#""fetched with the last attempt""#, 1),
    ("select_ok", r#""spare""#, 3),
    ("try_join_all", r#""engine ordered, wheels ordered, seats ordered""#, 4),
    ("typed_error", r#""CardDeclined""#, 1),
    ("wait_for_condition", r#""120 %""#, 1),
    ("with_retry", "7", 13),
];

#[test]
fn each_example_comes_to_its_result() {
    for (name, result, operations) in ALONE {
        let run = succeeded(name, "{}", result);
        assert_eq!(tree(&run).len(), operations, "{name}: {:#?}", tree(&run));
    }
}

#[test]
fn each_example_that_waits_for_somebody_goes_on_with_the_answer() {
    let day = Duration::from_secs(86_400);
    let second = Duration::from_secs(1);
    let json = |text: &str| Some(text.to_owned());
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let cases = [
        ("create_callback", vec![CallbackAnswer::success("approval", json("true")).after(day)], r#""approved""#),
        (
            "callback_heartbeat",
            vec![
                CallbackAnswer::heartbeat("upload").after(minutes(1) - second),
                CallbackAnswer::success("upload", json("4096")).after(minutes(2) - second - second),
            ],
            r#""4096 bytes""#,
        ),
        ("callback_serdes", vec![CallbackAnswer::success("sum", json("ff"))], "255"),
        ("wait_for_callback", vec![CallbackAnswer::success("approval", json(r#""Ada""#))], r#""approved by Ada""#),
        ("submitter_retry", vec![CallbackAnswer::success("approval", json(r#""yes""#)).after(day)], r#""yes""#),
        ("race", vec![CallbackAnswer::success("answer", json(r#""in time""#)).after(minutes(59))], r#""in time""#),
    ];
    for (name, callbacks, result) in cases {
        let run = run_with(name, "{}", RunOptions { callbacks, ..RunOptions::default() });
        assert_eq!(run.execution.result(), Some(result), "{name}: {:?}", run.execution.error());
        assert_eq!(run.shadow.as_ref().expect("a shadow replay").verdict, Verdict::Follows, "{name}");
    }
}

#[test]
fn invoke_waits_for_a_function_that_takes_its_time() {
    let mut functions = Functions::default();
    functions.add_handler("invoke_target", artifact("invoke_target"));
    let run = run_with("invoke", "42", RunOptions { functions, ..RunOptions::default() });
    assert_eq!(run.execution.result(), Some(r#""paid 42, thank you""#));
    assert_eq!(run.chained.len(), 1);
    let end = run.execution.end_timestamp().expect("an end");
    assert_eq!(end.since(run.execution.start_timestamp()).as_secs(), 3600);
}

#[test]
fn invoke_caught_goes_on_without_a_function_that_does_not_exist() {
    let run = run("invoke_caught", "{}");
    assert_eq!(run.execution.result(), Some(r#""none: ResourceNotFoundException""#));
    assert_eq!(run.outside.unknown_functions.len(), 1);
}
