//! Callbacks: somebody outside answers, in time or not, by hand or up front.

use std::time::Duration;

use durabox::{
    CallbackAnswer, DurableRunner, ErrorObject, ExecutionStatus, LocalRunner, OperationStatus, OperationType,
};
use serde_json::json;

use super::{failure, took, tree};

const DAY: Duration = Duration::from_secs(24 * 3600);
const SECOND: Duration = Duration::from_secs(1);

/// The callback is answered by its id, which the execution told somebody in a step.
#[durabox::test(handler = "create_callback", lambda_function_name = "create_callback")]
async fn create_callback_goes_on_with_the_answer(runner: DurableRunner) {
    let mut execution = runner.start(&json!({})).await?;
    let approval = execution.wait_for_callback("approval").await?;
    execution.send_callback_success(&approval.id, &true).await?;
    let result = execution.wait_for_result().await?;
    assert_eq!(result.output::<String>()?, "approved");
    assert_eq!(tree(&result), ["CALLBACK approval", "STEP ask"]);
    assert_eq!(result.operation("approval").and_then(|callback| callback.result()), Some("true"));
}

/// Another answer takes the other way.
#[durabox::test(handler = "create_callback", lambda_function_name = "create_callback")]
async fn create_callback_may_be_rejected(runner: DurableRunner) {
    let mut execution = runner.start(&json!({})).await?;
    execution.wait_for_callback("approval").await?;
    execution.send_callback_success("approval", &false).await?;
    assert_eq!(execution.wait_for_result().await?.output::<String>()?, "rejected");
}

/// An error in the place of an answer is the callback's, and as nobody catches it the execution's.
#[durabox::test(handler = "create_callback", lambda_function_name = "create_callback")]
async fn create_callback_fails_with_the_error_that_was_sent(runner: DurableRunner) {
    let mut execution = runner.start(&json!({})).await?;
    execution.wait_for_callback("approval").await?;
    execution.send_callback_failure("approval", ErrorObject::new("Declined", "not today")).await?;
    let result = execution.wait_for_result().await?;
    assert_eq!(result.status(), ExecutionStatus::Failed);
    assert_eq!(result.operation("approval").map(|callback| callback.status), Some(OperationStatus::Failed));
    assert!(failure(&result).contains("not today"), "{}", failure(&result));
}

/// An answer that is given before the run comes a day after the callback, in no time.
#[durabox::test(handler = "create_callback")]
async fn create_callback_waits_a_day_for_an_answer(runner: LocalRunner) {
    let answer = CallbackAnswer::success("approval", Some("true".into())).after(DAY);
    let result = runner.with_callback(answer).run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "approved");
    assert_eq!((took(&result), result.invocations().len()), (DAY, 2));
    let asked = result.logs().find(|line| line.operation_name.as_deref() == Some("ask")).expect("a line");
    assert!(asked.message.starts_with("answer the callback "), "{}", asked.message);
}

/// Without an answer the run ends open, and says how to give one.
#[durabox::test(handler = "create_callback")]
async fn create_callback_stays_open_when_nobody_answers(runner: LocalRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.status(), ExecutionStatus::Running);
    assert_eq!(result.open_callbacks()[0].name.as_deref(), Some("approval"));
    let hint = result.output::<String>().expect_err("there is no output").to_string();
    assert!(hint.contains("with_callback_success(\"approval\", &value)"), "{hint}");
}

/// Somebody else answers, such as a server of the test, while the test waits for the result.
#[durabox::test(handler = "create_callback")]
async fn create_callback_is_answered_from_elsewhere(runner: LocalRunner) {
    let execution = runner.start(&json!({})).await?;
    let controls = execution.controls();
    let elsewhere = async move {
        let approval = controls.wait_for_callback("approval").await.expect("it opens");
        controls.succeed(approval.id, Some("true".into())).await.expect("it is open");
    };
    let (result, ()) = tokio::join!(execution.wait_for_result(), elsewhere);
    assert_eq!(result?.output::<String>()?, "approved");
}

/// The callback and the step that tells its id are one operation, by whose name it is answered.
#[durabox::test(handler = "wait_for_callback", lambda_function_name = "wait_for_callback")]
async fn wait_for_callback_is_answered_by_its_name(runner: DurableRunner) {
    let mut execution = runner.start(&json!({})).await?;
    execution.wait_for_callback("approval").await?;
    execution.send_callback_success("approval", "Ada").await?;
    let result = execution.wait_for_result().await?;
    assert_eq!(result.output::<String>()?, "approved by Ada");
    assert_eq!(tree(&result), ["CONTEXT approval", "  CALLBACK -", "  STEP -"]);
}

/// A heartbeat, and then the result.
#[durabox::test(handler = "callback_heartbeat", lambda_function_name = "callback_heartbeat")]
async fn callback_heartbeat_hears_of_its_sender(runner: DurableRunner) {
    let mut execution = runner.start(&json!({})).await?;
    let upload = execution.wait_for_callback("upload").await?;
    execution.send_callback_heartbeat(&upload.id).await?;
    execution.send_callback_success(&upload.id, &4096).await?;
    let result = execution.wait_for_result().await?;
    assert_eq!(result.output::<String>()?, "4096 bytes");
    assert_eq!(tree(&result), ["CALLBACK upload"]);
}

/// Somebody stops the execution while it waits: it ends with the error that was given.
#[durabox::test(handler = "callback_heartbeat", lambda_function_name = "callback_heartbeat")]
async fn callback_heartbeat_is_stopped_while_it_waits(runner: DurableRunner) {
    let mut execution = runner.start(&json!({})).await?;
    execution.wait_for_callback("upload").await?;
    execution.stop(Some(ErrorObject::new("Enough", "nobody uploads any more"))).await?;
    let result = execution.wait_for_result().await?;
    assert_eq!(result.status(), ExecutionStatus::Stopped);
    assert_eq!(failure(&result), "nobody uploads any more");
}

/// Each heartbeat starts the minute anew: the result comes after almost two.
#[durabox::test(handler = "callback_heartbeat")]
async fn callback_heartbeat_starts_its_minute_anew(runner: LocalRunner) {
    let minute = 60 * SECOND;
    let result = runner
        .with_callback_heartbeat("upload", minute - SECOND)
        .with_callback(CallbackAnswer::success("upload", Some("4096".into())).after(2 * (minute - SECOND)))
        .run(&json!({}))
        .await?;
    assert_eq!(result.output::<String>()?, "4096 bytes");
    assert_eq!(took(&result), 2 * (minute - SECOND));
}

/// A minute of silence, and the callback has timed out.
#[durabox::test(handler = "callback_heartbeat")]
async fn callback_heartbeat_times_out_in_silence(runner: LocalRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.status(), ExecutionStatus::Failed);
    assert_eq!(result.operation("upload").map(|callback| callback.status), Some(OperationStatus::TimedOut));
    assert_eq!(took(&result), 60 * SECOND);
    assert!(failure(&result).contains("heartbeat timed out"), "{}", failure(&result));
}

/// The sender's bytes arrive as they are, and the serdes reads them.
#[durabox::test(handler = "callback_serdes", lambda_function_name = "callback_serdes")]
async fn callback_serdes_reads_what_is_no_json(runner: DurableRunner) {
    let mut execution = runner.start(&json!({})).await?;
    let sum = execution.wait_for_callback("sum").await?;
    execution.send_callback_payload(&sum.id, Some("ff".into())).await?;
    let result = execution.wait_for_result().await?;
    assert_eq!(result.output::<u64>()?, 255);
    assert_eq!(result.operation("sum").and_then(|callback| callback.result()), Some("ff"));
}

/// A timeout does nothing to those who answer in time.
#[durabox::test(handler = "callback_timeout", lambda_function_name = "callback_timeout")]
async fn callback_timeout_is_answered_in_time(runner: DurableRunner) {
    let mut execution = runner.start(&json!({})).await?;
    let answer = execution.wait_for_callback("answer").await?;
    assert!(answer.timeout.is_some_and(|due| due.since(answer.start) == DAY), "{answer:?}");
    execution.send_callback_success(&answer.id, "here I am").await?;
    let result = execution.wait_for_result().await?;
    assert_eq!(result.output::<String>()?, "here I am");
    assert_eq!(tree(&result), ["CALLBACK answer"]);
}

/// Nobody answers for a day, and the handler goes on without.
#[durabox::test(handler = "callback_timeout")]
async fn callback_timeout_goes_on_after_a_day(runner: LocalRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "no answer: callback timed out");
    assert_eq!(result.operation("answer").map(|callback| callback.status), Some(OperationStatus::TimedOut));
    assert_eq!((took(&result), tree(&result).len()), (DAY, 1));
}

/// One second before the timeout is in time.
#[durabox::test(handler = "callback_timeout")]
async fn callback_timeout_takes_an_answer_in_the_last_second(runner: LocalRunner) {
    let answer = CallbackAnswer::success("answer", Some(r#""at last""#.into())).after(DAY - SECOND);
    let result = runner.with_callback(answer).run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "at last");
    assert_eq!(result.warnings(), Vec::<String>::new());
}

/// The submitter fails once and is tried again, whether the answer comes before or after that.
#[durabox::test(handler = "submitter_retry", lambda_function_name = "submitter_retry")]
async fn submitter_retry_keeps_its_callback(runner: DurableRunner) {
    let mut execution = runner.start(&json!({})).await?;
    let approval = execution.wait_for_callback("approval").await?;
    execution.send_callback_success(&approval.id, "yes").await?;
    let result = execution.wait_for_result().await?;
    assert_eq!(result.output::<String>()?, "yes");
    assert_eq!(tree(&result), ["CONTEXT approval", "  CALLBACK -", "  STEP -"]);
    let submitter = result.operations_of(OperationType::Step).next().and_then(|step| step.step_details.as_ref());
    assert_eq!(submitter.map(|details| details.attempt), Some(2));
}

/// Only the attempt that succeeds has mailed the id; the answer to it takes a day.
#[durabox::test(handler = "submitter_retry")]
async fn submitter_retry_mails_once(runner: LocalRunner) {
    let answer = CallbackAnswer::success("approval", Some(r#""yes""#.into())).after(DAY);
    let result = runner.with_callback(answer).run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "yes");
    assert_eq!(took(&result), DAY);
    assert_eq!(result.logs().filter(|line| line.message.starts_with("mailed ")).count(), 1);
}
