//! Workflows: one that sleeps for a year, and one in contexts within contexts.

use std::time::Duration;

use durabox::golden::signature;
use durabox::{DurableRunner, ExecutionStatus, Fault, LocalRunner, assert_history};
use serde_json::{Value, json};

use super::{crashes, took, tree, waits};

const DAY: u64 = 24 * 3600;

fn order() -> Value {
    json!({ "amount": 1299, "id": "42" })
}

/// The receipt, each operation, and the golden history; the wait is recorded with its year.
#[durabox::test(handler = "order", lambda_function_name = "order")]
async fn order_is_closed_after_the_warranty(runner: DurableRunner) {
    let result = runner.run(&order()).await?;
    let receipt = json!({ "order": "42", "payment": "payment of 1299 for reservation-42", "closed": true });
    assert_eq!(result.output::<Value>()?, receipt);
    assert_eq!(tree(&result), ["STEP reserve", "STEP charge", "WAIT warranty", "STEP close"]);
    assert_eq!(waits(&result, "warranty"), [365 * DAY]);
    assert_history!(result, "order");
}

/// A year of virtual time, and each line of the log once, though the handler ran twice.
#[durabox::test(handler = "order")]
async fn order_waits_a_year(runner: LocalRunner) {
    let result = runner.run(&order()).await?;
    assert_eq!(took(&result), Duration::from_secs(365 * DAY));
    assert_eq!(result.invocations().len(), 2);
    let lines: Vec<_> = result.logs().map(|line| line.message.as_str()).collect();
    assert_eq!(lines, ["order received", "charging", "order paid", "warranty is over"]);
    let charging = result.logs().find(|line| line.message == "charging").expect("the line");
    assert_eq!(charging.operation_name.as_deref(), Some("charge"), "a line knows its step");
}

/// Each operation knows where it stands in the source.
#[durabox::test(handler = "order")]
async fn order_knows_its_call_sites(runner: LocalRunner) {
    let result = runner.run(&order()).await?;
    let sites = ["reserve", "charge", "warranty", "close"].map(|name| {
        let operation = result.operation(name).expect("an operation");
        result.site(operation).expect("its place").clone()
    });
    assert!(sites.iter().all(|site| site.file.ends_with("order.rs")), "{sites:?}");
    assert!(sites.is_sorted_by(|one, next| one.line < next.line), "{sites:?}");
}

/// An execution that may take a month does not come to the end of its warranty.
#[durabox::test(handler = "order")]
async fn order_times_out_after_a_month(runner: LocalRunner) {
    let month = Duration::from_secs(30 * DAY);
    let result = runner.with_execution_timeout(month).run(&order()).await?;
    assert_eq!(result.status(), ExecutionStatus::TimedOut);
    assert_eq!(took(&result), month);
    assert!(result.operation("close").is_none(), "{:?}", tree(&result));
}

/// A result in the place of a step's body: nobody is charged, and the rest is as it was.
#[durabox::test(handler = "order")]
async fn order_charges_nobody_when_the_step_is_mocked(runner: LocalRunner) {
    let result = runner.with_step_mock("charge", "paid in the test").run(&order()).await?;
    assert_eq!(result.output::<Value>()?["payment"], "paid in the test");
    assert!(result.logs().all(|line| line.message != "charging"), "the body would have logged");
    assert_eq!(tree(&result).len(), 4);
}

/// The execution's name is part of its ARN.
#[durabox::test(handler = "order")]
async fn order_goes_by_the_name_of_its_execution(runner: LocalRunner) {
    let result = runner.with_execution_name("order-42").run(&order()).await?;
    assert!(result.arn().contains("/durable-execution/order-42/"), "{}", result.arn());
}

/// Contexts stand in contexts, and an operation is found by its path through them.
#[durabox::test(handler = "nested_contexts", lambda_function_name = "nested_contexts")]
async fn nested_contexts_nest(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "flight and hotel with room 7");
    assert_eq!(
        tree(&result),
        [
            "CONTEXT trip",
            "  STEP book-flight",
            "  CONTEXT hotel",
            "    STEP choose-room",
            "    WAIT hold",
            "    STEP book-room"
        ]
    );
    let booked = result.operation_at("trip/hotel/book-room").expect("a step");
    assert_eq!(booked.result(), Some(r#""hotel with room 7""#));
    let hotel = result.operation_at("trip/hotel").expect("a context");
    assert_eq!(hotel.result(), booked.result(), "a context's result is what its last step returned here");
    assert_eq!(waits(&result, "hold"), [60]);
}

/// Wherever the invocation ends, before its checkpoint is kept or after, the trip is the same.
#[durabox::test(handler = "nested_contexts")]
async fn nested_contexts_survives_a_crash_at_every_checkpoint(runner: LocalRunner) {
    let mut checkpoints = 0;
    for nth in 1.. {
        let failing = runner.clone().with_fault(Fault::FailCheckpoint(nth)).run(&json!({})).await?;
        if !failing.warnings().is_empty() {
            // The run has no such checkpoint.
            break;
        }
        let losing = runner.clone().with_fault(Fault::LoseAnswer(nth)).run(&json!({})).await?;
        for result in [failing, losing] {
            assert_eq!(result.output::<String>()?, "flight and hotel with room 7", "checkpoint {nth}");
            assert_eq!((crashes(&result), tree(&result).len()), (1, 6), "checkpoint {nth}");
        }
        checkpoints = nth;
    }
    assert!(checkpoints > 1, "{checkpoints} checkpoints");
}

/// A state that comes in pages of one operation makes the same history.
#[durabox::test(handler = "nested_contexts")]
async fn nested_contexts_reads_its_state_in_pages(runner: LocalRunner) {
    let whole = runner.run(&json!({})).await?;
    let paged = runner.clone().with_page_size(1).run(&json!({})).await?;
    assert_eq!(signature(&whole), signature(&paged));
}
