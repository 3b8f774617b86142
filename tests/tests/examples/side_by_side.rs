//! Operations side by side: awaited together, or decided on as one.

use std::time::Duration;

use durabox::{
    CallbackAnswer, DurableRunner, ErrorObject, ExecutionStatus, LocalRunner, OperationStatus, OperationType,
};
use serde_json::json;

use super::{attempts, error_of, took, tree, waits};

/// Three steps and three waits, and all of their results.
#[durabox::test(handler = "concurrent", lambda_function_name = "concurrent")]
async fn concurrent_adds_what_all_came_to(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<u32>()?, 321);
    assert_eq!(result.operations_of(OperationType::Step).count(), 3);
    assert_eq!(result.operations_of(OperationType::Wait).count(), 3);
    let names = ["pause", "one", "two"].map(|name| waits(&result, name));
    assert_eq!(names, [[30], [60], [60]]);
}

/// The two spawned waits begin at once and end at once: one minute for both, after the pause.
#[durabox::test(handler = "concurrent")]
async fn concurrent_waits_run_at_once(runner: LocalRunner) {
    let result = runner.run(&json!({})).await?;
    let waits: Vec<_> = result.operations_of(OperationType::Wait).collect();
    assert_eq!(waits.len(), 3);
    assert_eq!(waits[1].start_timestamp, waits[2].start_timestamp);
    assert_eq!((result.invocations().len(), took(&result)), (3, Duration::from_secs(90)));
}

/// Every operation comes to its end, and the handler hears how.
#[durabox::test(handler = "join_all", lambda_function_name = "join_all")]
async fn join_all_tells_how_each_ended(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "fulfilled 1, rejected (no)");
    assert_eq!(result.operations().len(), 3);
    let status = |name: &str| result.operation(name).map(|operation| operation.status);
    assert_eq!(status("good"), Some(OperationStatus::Succeeded));
    assert_eq!(status("bad"), Some(OperationStatus::Failed));
    assert_eq!(status("both"), Some(OperationStatus::Succeeded), "a failure is a result here");
    assert_eq!(attempts(&result, "bad"), Some(1));
}

/// All parts, in the order in which they were asked for.
#[durabox::test(handler = "try_join_all", lambda_function_name = "try_join_all")]
async fn try_join_all_orders_every_part(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "engine ordered, wheels ordered, seats ordered");
    assert_eq!(result.operations().len(), 4);
    for part in ["engine", "wheels", "seats"] {
        assert_eq!(result.operation(part).map(|step| step.operation_type), Some(OperationType::Step), "{part}");
    }
}

/// A mock lets the second part fail, which no real step does here: the failure says which it was.
#[durabox::test(handler = "try_join_all")]
async fn try_join_all_ends_with_the_first_failure(runner: LocalRunner) {
    let sold_out = ErrorObject::new("OutOfStock", "no wheels");
    let result = runner.with_step_mock_error("wheels", sold_out).run(&json!({})).await?;
    assert_eq!(result.status(), ExecutionStatus::Failed);
    let (error_type, message) = error_of(&result, "parts").expect("the error of the whole");
    assert_eq!(error_type, "CombinatorError.JoinFailed.1");
    assert!(message.contains("no wheels"), "{message}");
}

/// The first failure is none as long as one succeeds.
#[durabox::test(handler = "select_ok", lambda_function_name = "select_ok")]
async fn select_ok_takes_the_spare(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "spare");
    assert_eq!(result.operations().len(), 3);
    assert_eq!(error_of(&result, "source"), None);
}

/// A mock lets the spare fail too, and then all have.
#[durabox::test(handler = "select_ok")]
async fn select_ok_fails_when_all_do(runner: LocalRunner) {
    let down = ErrorObject::new("Down", "spare is down");
    let result = runner.with_step_mock_error("spare", down).run(&json!({})).await?;
    assert_eq!(result.status(), ExecutionStatus::Failed);
    let (error_type, message) = error_of(&result, "source").expect("the error of the whole");
    assert_eq!(error_type, "CombinatorError.AllFailed");
    assert!(message.contains("main is down") && message.contains("spare is down"), "{message}");
}

/// The answer is first, and the time limit is left as it stands.
#[durabox::test(handler = "race", lambda_function_name = "race")]
async fn race_is_won_by_an_answer(runner: DurableRunner) {
    let mut execution = runner.start(&json!({})).await?;
    execution.wait_for_callback("answer").await?;
    execution.send_callback_success("answer", "in time").await?;
    let result = execution.wait_for_result().await?;
    assert_eq!(result.output::<String>()?, "in time");
    assert_eq!(result.operations().len(), 4, "{:?}", tree(&result));
    assert_eq!(result.operation("first").and_then(|race| race.result()), Some(r#""in time""#));
    assert_eq!(waits(&result, "an hour"), [3600]);
    assert!(result.operation_at("limit/an hour").is_some_and(|limit| !limit.status.is_terminal()));
}

/// Nobody answers for an hour, and the limit is first.
#[durabox::test(handler = "race")]
async fn race_is_won_by_the_limit(runner: LocalRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "too late");
    assert_eq!((result.operations().len(), took(&result)), (4, Duration::from_secs(3600)));
    assert!(result.operation("answer").is_some_and(|answer| !answer.status.is_terminal()), "it is left open");
}

/// A minute before the limit is in time, and the race is decided the same on replay.
#[durabox::test(handler = "race")]
async fn race_takes_an_answer_of_the_last_minute(runner: LocalRunner) {
    let minutes = Duration::from_secs(59 * 60);
    let answer = CallbackAnswer::success("answer", Some(r#""in time""#.into())).after(minutes);
    let result = runner.with_callback(answer).run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "in time");
    assert_eq!(took(&result), minutes);
}
