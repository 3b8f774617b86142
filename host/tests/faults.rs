//! What only local mode has: mocks of steps, and things that go wrong on purpose.

use std::time::Duration;

use durabox::runtime::model::EventDetails;
use durabox::{ErrorObject, ExecutionStatus, Fault, LocalRunner, TestResult};
use serde_json::{Value, json};

fn order() -> Value {
    json!({ "id": "42", "amount": 1299 })
}

fn crashes(result: &TestResult) -> Vec<&str> {
    let crashes = result.invocations().iter().filter_map(|invocation| invocation.crash.as_ref());
    crashes.filter_map(|error| error.error_message.as_deref()).collect()
}

fn events(result: &TestResult, name: &str) -> Vec<&'static str> {
    let events = result.events().iter().filter(|event| event.name.as_deref() == Some(name));
    events.map(|event| event.details.event_type()).collect()
}

#[durabox::test(handler = "order")]
async fn a_mock_stands_in_for_a_step_and_its_body_does_not_run(runner: LocalRunner) {
    let result = runner.with_step_mock("charge", "mocked").run(&order()).await?;
    assert_eq!(result.output::<Value>()?["payment"], "mocked");
    assert_eq!(events(&result, "charge"), ["StepStarted", "StepSucceeded"]);
    assert!(result.logs().all(|line| line.message != "charging"), "the body would have logged");
    assert_eq!(result.warnings(), Vec::<String>::new());
}

#[durabox::test(handler = "order")]
async fn a_mock_may_fail_a_step(runner: LocalRunner) {
    let declined = ErrorObject::new("PaymentError", "card declined");
    let result = runner.with_step_mock_error("charge", declined).run(&order()).await?;
    assert_eq!(result.status(), ExecutionStatus::Failed);
    assert_eq!(events(&result, "charge"), ["StepStarted", "StepFailed"]);
    let error = result.error().and_then(|error| error.error_message.clone()).unwrap_or_default();
    assert!(error.contains("card declined"), "{error}");
}

#[durabox::test(handler = "retries")]
async fn a_mock_sees_the_attempt_and_the_name(runner: LocalRunner) {
    let mock = |call: durabox::StepCall<'_>| Ok(Some(format!("\"{} {}\"", call.path, call.attempt)));
    let result = runner.with_step_mock_fn("fetch", mock).run(&()).await?;
    assert_eq!(result.output::<String>()?, "1 1");
}

#[durabox::test(handler = "order")]
async fn what_the_run_does_not_come_to_is_warned_about(runner: LocalRunner) {
    let runner = runner.with_step_mock("chargge", "never").with_fault(Fault::FailCheckpoint(99));
    let warnings = runner.run(&order()).await?.warnings();
    assert_eq!(
        warnings,
        [
            "warning: the run did not come to this: checkpoint 99 fails",
            "warning: the run did not come to this: the mock of step `chargge`"
        ]
    );
}

#[durabox::test(handler = "order")]
async fn a_checkpoint_that_fails_crashes_the_invocation_and_keeps_nothing(runner: LocalRunner) {
    let result = runner.with_fault(Fault::FailCheckpoint(2)).run(&order()).await?;
    assert_eq!(result.status(), ExecutionStatus::Succeeded);
    assert_eq!(crashes(&result), ["as the test asked for: the checkpoint was not taken"]);
    let charging = result.logs().filter(|line| line.message == "charging").count();
    assert_eq!(charging, 2, "the step ran again, as nothing of it was kept");
}

#[durabox::test(handler = "order")]
async fn a_checkpoint_whose_answer_is_lost_is_kept(runner: LocalRunner) {
    let result = runner.with_fault(Fault::LoseAnswer(2)).run(&order()).await?;
    assert_eq!(result.status(), ExecutionStatus::Succeeded);
    assert_eq!(crashes(&result), ["as the test asked for: the answer to the checkpoint was lost"]);
    let charging = result.logs().filter(|line| line.message == "charging").count();
    assert_eq!(charging, 1, "the step did not run again, as its end was kept");
}

#[durabox::test(handler = "order")]
async fn every_checkpoint_may_be_lost_or_fail_and_the_result_stays(runner: LocalRunner) {
    let expected = runner.run(&order()).await?.output::<Value>()?;
    for nth in 1..=4 {
        for fault in [Fault::FailCheckpoint(nth), Fault::LoseAnswer(nth)] {
            let result = runner.clone().with_fault(fault.clone()).run(&order()).await?;
            assert_eq!(result.output::<Value>()?, expected, "{fault}");
        }
    }
}

#[durabox::test(handler = "order")]
async fn a_checkpoint_that_takes_long_takes_virtual_time(runner: LocalRunner) {
    let delay = Duration::from_secs(90);
    let result = runner.with_fault(Fault::DelayCheckpoint(1, delay)).run(&order()).await?;
    let first = &result.invocations()[0];
    assert_eq!(first.end.since(first.start), delay);
    assert_eq!(result.status(), ExecutionStatus::Succeeded);
}

#[durabox::test(handler = "at_most_once")]
async fn a_crash_in_a_step_that_must_not_run_twice_is_a_failed_attempt(runner: LocalRunner) {
    let result = runner.with_fault(Fault::CrashInStep("send-money".into(), 1)).run(&()).await?;
    assert_eq!(crashes(&result), ["as the test asked for: a crash in attempt 1 of step `send-money`"]);
    assert_eq!(events(&result, "send-money"), ["StepStarted", "StepFailed", "StepStarted", "StepSucceeded"]);
}

#[durabox::test(handler = "order")]
async fn a_crash_in_another_step_lets_it_run_again_without_a_second_start(runner: LocalRunner) {
    let result = runner.with_fault(Fault::CrashInStep("charge".into(), 1)).run(&order()).await?;
    assert_eq!(result.status(), ExecutionStatus::Succeeded);
    let crashed = result.events().iter().filter(|event| match &event.details {
        EventDetails::InvocationCompleted(completed) => completed.details.error.is_some(),
        _ => false,
    });
    assert_eq!(crashed.count(), 1);
    assert_eq!(events(&result, "charge"), ["StepStarted", "StepSucceeded"]);
}
