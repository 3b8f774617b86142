//! Tests made with `#[durabox::test]`, as a project has them. The integration tests run them in every
//! mode; `cargo test` runs them locally.

use std::time::Duration;

use durabox::{
    CloudRunner, DurableRunner, ErrorObject, ExecutionStatus, LocalRunner, Mode, OperationType, RunError,
    assert_history,
};
use serde_json::{Value, json};

#[durabox::test(handler = "hello_world", lambda_function_name = "hello world")]
async fn says_hello(runner: DurableRunner) {
    let result = runner.run(&json!({ "name": "Ada" })).timeout(Duration::from_secs(60)).await?;
    assert_eq!(result.status(), ExecutionStatus::Succeeded);
    assert_eq!(result.output::<String>()?, "Hello, Ada!");
    assert_eq!(result.mode(), runner.mode());
    assert_history!(result);
}

#[durabox::test(handler = "nested_contexts", lambda_function_name = "nested contexts")]
async fn operations_are_found_by_name_type_ordinal_and_path(runner: DurableRunner) {
    let result = runner.run(&json!({})).execution_name("a-trip").await?;
    assert_eq!(result.operation("book-room").map(|one| one.operation_type), Some(OperationType::Step));
    assert_eq!(result.operations_of(OperationType::Step).count(), 3);
    assert_eq!(result.operations_named("hotel").count(), 1);
    let by_path = result.operation_at("trip/hotel/choose-room").expect("a step");
    let by_ordinal = result.operation_at("#1/#2/#1").expect("the same");
    assert_eq!(by_path.id, by_ordinal.id);
    assert!(result.operation_at("trip/hotel/choose-room#2").is_none());
    let tree = result.tree();
    assert_eq!(tree.len(), 1);
    assert_eq!(tree[0].children[1].operation.name.as_deref(), Some("hotel"));
    assert_eq!(tree[0].children[1].children.len(), 3);
    assert!(result.arn().contains("/durable-execution/a-trip/"), "{}", result.arn());
}

#[durabox::test(handler = "wait_for_callback", lambda_function_name = "wait for callback")]
async fn a_callback_is_answered_by_hand(runner: DurableRunner) -> Result<(), RunError> {
    let mut execution = runner.start(&json!({})).timeout(Duration::from_secs(60)).await?;
    let open = execution.wait_for_callback("*").await?;
    execution.send_callback_success(&open.id, "yes").await?;
    let result = execution.wait_for_result().await?;
    assert_eq!(result.status(), ExecutionStatus::Succeeded);
    Ok(())
}

#[durabox::test(handler = "callback_heartbeat", lambda_function_name = "callback heartbeat")]
async fn an_execution_is_stopped(runner: DurableRunner) {
    let mut execution = runner.start(&json!({})).await?;
    execution.wait_for_callback("*").await?;
    execution.stop(Some(ErrorObject::new("Enough", "nobody waits any more"))).await?;
    let result = execution.wait_for_result().await?;
    assert_eq!(result.status(), ExecutionStatus::Stopped);
    assert_eq!(result.error().and_then(|error| error.error_type.as_deref()), Some("Enough"));
}

#[durabox::test(handler = "order", lambda_function_name = "order")]
async fn a_year_passes(runner: LocalRunner) {
    let result = runner.with_seed(7).run(&json!({ "id": "42", "amount": 1299 })).await?;
    assert_eq!(result.output::<Value>()?["closed"], true);
    assert_eq!(result.end().expect("an end").since(result.start()), Duration::from_secs(365 * 24 * 3600));
    assert_history!(result, "a year passes");
}

#[durabox::test(handler = "retries", lambda_function_name = "retries", requires = "cloud")]
async fn retries_in_real_time(runner: DurableRunner) {
    assert_eq!(runner.mode(), Mode::Cloud);
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "answered attempt 3");
}

#[durabox::test(lambda_function_name = "hello world")]
async fn has_an_arn_that_others_attach_to(runner: CloudRunner) {
    let first = runner.run(&json!({ "name": "Ada" })).await?;
    let again = runner.attach(first.arn()).await.wait_for_result().await?;
    assert_eq!(first.output::<String>()?, again.output::<String>()?);
}

#[durabox::test(handler = "nobody_wrote_this", lambda_function_name = "hello world", requires = "cloud")]
async fn runs_what_has_no_handler_here(runner: DurableRunner) {
    let result = runner.run(&json!({ "name": "Bo" })).await?;
    assert_eq!(result.output::<String>()?, "Hello, Bo!");
}

#[durabox::test(handler = "http_step", lambda_function_name = "hello world")]
async fn falls_back_to_the_cloud_where_the_sandbox_refuses(runner: DurableRunner) {
    let result = runner.run(&json!({ "name": "Cy", "shop": "http://shop.example.com", "item": "tea" })).await?;
    // The sandbox allows no host here, and has said so; what is deployed under this name needs none.
    let refused = result.error().is_some_and(|error| error.error_type.as_deref() == Some("Sandbox.Refused"));
    assert_eq!(refused, runner.mode() == Mode::Local, "{:?}", result.error());
    if std::env::var("DURABOX_RUNNER_MODE").is_ok_and(|mode| mode == "auto") {
        assert_eq!(result.output::<String>()?, "Hello, Cy!");
    }
}
