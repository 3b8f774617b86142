//! Steps: what one returns is recorded, in whatever form, and so is how it failed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use durabox::runtime::verify::Verdict;
use durabox::{DurableRunner, ExecutionStatus, Fault, LocalRunner, OperationStatus, assert_history};
use durabox_tests::server::{Answer, Server};
use serde_json::json;

use super::{attempts, crashes, error_of, failure, took, tree};

/// A step's result is the handler's, and the history is the golden one.
#[durabox::test(handler = "hello_world", lambda_function_name = "hello_world")]
async fn hello_world_greets(runner: DurableRunner) {
    let result = runner.run(&json!({ "name": "Ada" })).await?;
    assert_eq!(result.status(), ExecutionStatus::Succeeded);
    assert_eq!(result.output::<String>()?, "Hello, Ada!");
    assert_eq!(tree(&result), ["STEP greet"]);
    assert_eq!(attempts(&result, "greet"), Some(1));
    assert_history!(result, "hello_world");
}

/// An event of another shape fails the execution before any operation.
#[durabox::test(handler = "hello_world", lambda_function_name = "hello_world")]
async fn hello_world_refuses_an_event_without_a_name(runner: DurableRunner) {
    let result = runner.run(&json!({ "nom": "Ada" })).await?;
    assert_eq!(result.status(), ExecutionStatus::Failed);
    assert!(result.operations().is_empty(), "{:?}", tree(&result));
    assert!(failure(&result).contains("missing field `name`"), "{}", failure(&result));
}

/// Nothing sleeps, so that one invocation does it all, and a replay of it comes to the same.
#[durabox::test(handler = "hello_world")]
async fn hello_world_takes_one_invocation(runner: LocalRunner) {
    let result = runner.run(&json!({ "name": "Ada" })).await?;
    assert_eq!(result.invocations().len(), 1);
    let shadow = result.local().and_then(|run| run.shadow.as_ref()).expect("a shadow replay");
    assert_eq!(shadow.verdict, Verdict::Follows);
}

/// A checkpoint that takes long costs its time and nothing else.
#[durabox::test(handler = "hello_world")]
async fn hello_world_waits_for_a_slow_checkpoint(runner: LocalRunner) {
    let delay = Duration::from_secs(20);
    let runner = runner.with_fault(Fault::DelayCheckpoint(1, delay));
    let result = runner.run(&json!({ "name": "Ada" })).await?;
    assert_eq!(result.output::<String>()?, "Hello, Ada!");
    assert_eq!(took(&result), delay);
}

/// What is recorded is what the serdes wrote, and no JSON.
#[durabox::test(handler = "custom_serdes", lambda_function_name = "custom_serdes")]
async fn custom_serdes_records_a_word_to_a_line(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "to be");
    assert_eq!(tree(&result), ["STEP words"]);
    assert_eq!(result.operation("words").and_then(|step| step.result()), Some("to\nbe"));
}

/// The type of an error is in the record, and the handler that catches it reads it there.
#[durabox::test(handler = "typed_error", lambda_function_name = "typed_error")]
async fn typed_error_is_read_by_its_type(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "CardDeclined");
    assert_eq!(tree(&result), ["STEP charge"]);
    let (error_type, message) = error_of(&result, "charge").expect("the step has failed");
    assert_eq!(error_type, "CardDeclined");
    assert!(message.contains("no funds"), "{message}");
}

/// When nothing goes wrong the step runs once, as every other.
#[durabox::test(handler = "at_most_once", lambda_function_name = "at_most_once")]
async fn at_most_once_sends(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "sent");
    assert_eq!(tree(&result), ["STEP send-money"]);
    assert_eq!(attempts(&result, "send-money"), Some(1));
}

/// A crash in the step is a failed attempt, and the retry strategy decides about another.
#[durabox::test(handler = "at_most_once")]
async fn at_most_once_takes_a_crash_for_a_failed_attempt(runner: LocalRunner) {
    let result = runner.with_fault(Fault::CrashInStep("send-money".into(), 1)).run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "sent");
    assert_eq!((crashes(&result), attempts(&result, "send-money")), (1, Some(2)));
    let events = result.events().iter().filter(|event| event.name.as_deref() == Some("send-money"));
    let events: Vec<_> = events.map(|event| event.details.event_type()).collect();
    assert_eq!(events, ["StepStarted", "StepFailed", "StepStarted", "StepSucceeded"]);
}

/// The shop is asked once more after a failure, and never by a replay.
#[durabox::test(handler = "http_step")]
async fn http_step_reserves_at_a_shop_that_fails_once(runner: LocalRunner) {
    let asked = AtomicU32::new(0);
    let shop = Server::start(move |request| {
        let sold_out = request.body.contains("boat");
        Some(match (sold_out, asked.fetch_add(1, Ordering::Relaxed)) {
            (true, _) => Answer::new(409, ""),
            (false, 0) => Answer::new(503, "try again"),
            (false, _) => Answer::new(201, r#"{"number":7}"#),
        })
    });
    let runner = runner.with_allowed_host(shop.authority());
    let bicycle = runner.run(&json!({ "shop": shop.url(""), "item": "bicycle" })).await?;
    assert_eq!(bicycle.output::<String>()?, "bicycle is reserved, number 7");
    assert_eq!((bicycle.invocations().len(), attempts(&bicycle, "reserve")), (2, Some(2)));
    let boat = runner.run(&json!({ "shop": shop.url(""), "item": "boat" })).await?;
    assert_eq!(boat.output::<String>()?, "boat is sold out");
    assert_eq!((boat.invocations().len(), attempts(&boat, "reserve")), (1, Some(1)));
    assert_eq!(shop.requests().len(), 3, "no replay asks");
}

/// A host that is not allowed is not asked, and no retry would make it so.
#[durabox::test(handler = "http_step")]
async fn http_step_asks_only_hosts_that_are_allowed(runner: LocalRunner) {
    let shop = Server::start(|_| Some(Answer::new(201, r#"{"number":7}"#)));
    let result = runner.run(&json!({ "shop": shop.url(""), "item": "bicycle" })).await?;
    assert_eq!(result.status(), ExecutionStatus::Failed);
    assert_eq!(result.error().and_then(|error| error.error_type.as_deref()), Some("Sandbox.Refused"));
    assert_ne!(result.operation("reserve").map(|step| step.status), Some(OperationStatus::Succeeded));
    assert_eq!((result.invocations().len(), shop.requests().len()), (1, 0));
}
