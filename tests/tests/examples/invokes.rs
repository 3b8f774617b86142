//! Invokes: of another function of the workspace, of a mock, and of one that does not exist.

use std::time::Duration;

use durabox::{DurableRunner, ErrorObject, ExecutionStatus, LocalRunner, OperationType};
use serde_json::json;

use super::{error_of, failure, took, tree, waits};

/// The other function runs under its own name, takes an hour, and its result is the invoke's.
#[durabox::test(handler = "invoke", lambda_function_name = "invoke")]
async fn invoke_waits_for_a_function_that_takes_its_time(runner: DurableRunner) {
    let result = runner.run(&42).await?;
    assert_eq!(result.output::<String>()?, "paid 42, thank you");
    assert_eq!(tree(&result), ["CHAINED_INVOKE pay"]);
    let paid = result.operation("pay").expect("the invoke");
    assert_eq!(paid.operation_type, OperationType::ChainedInvoke);
    assert_eq!(paid.result(), Some(r#""paid 42""#));
}

/// The execution that the invoke started is a result of its own; both share the virtual hour.
#[durabox::test(handler = "invoke")]
async fn invoke_starts_an_execution_that_can_be_looked_at(runner: LocalRunner) {
    let result = runner.run(&42).await?;
    assert_eq!(result.chained().len(), 1);
    let target = result.chained_of("invoke_target").expect("its execution");
    assert_eq!(target.status(), ExecutionStatus::Succeeded);
    assert_eq!(tree(target), ["WAIT settlement"]);
    assert_eq!((took(target), took(&result)), (Duration::from_secs(3600), Duration::from_secs(3600)));
}

/// A mock answers in the other function's place, at once, and keeps what it was asked.
#[durabox::test(handler = "invoke")]
async fn invoke_takes_a_mock_for_the_function(runner: LocalRunner) {
    let result = runner.with_mock("invoke_target", "free of charge").run(&42).await?;
    assert_eq!(result.output::<String>()?, "free of charge, thank you");
    assert_eq!(result.mock_calls().len(), 1);
    assert_eq!(result.mock_calls()[0].payload.as_deref(), Some("42"));
    assert!(result.chained().is_empty());
    assert_eq!(took(&result), Duration::ZERO);
}

/// A mock may look at its input before it answers.
#[durabox::test(handler = "invoke")]
async fn invoke_takes_a_mock_that_answers_by_its_input(runner: LocalRunner) {
    let runner = runner.with_mock_fn("invoke_target", |call| match call.payload.as_deref() {
        Some("42") => Ok(Some(r#""paid in full""#.into())),
        _ => Err(ErrorObject::new("Declined", "only 42 will do")),
    });
    assert_eq!(runner.run(&42).await?.output::<String>()?, "paid in full, thank you");
    let declined = runner.run(&41).await?;
    assert_eq!(declined.status(), ExecutionStatus::Failed);
    assert_eq!(error_of(&declined, "pay"), Some(("Declined", "only 42 will do")));
    assert!(failure(&declined).contains("only 42 will do"), "{}", failure(&declined));
}

/// There is no function of this name, and the handler goes on without it.
#[durabox::test(handler = "invoke_caught", lambda_function_name = "invoke_caught")]
async fn invoke_caught_goes_on_without_a_function_that_does_not_exist(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "none: ResourceNotFoundException");
    assert_eq!(tree(&result), ["CHAINED_INVOKE recommend"]);
    let (error_type, message) = error_of(&result, "recommend").expect("the invoke has failed");
    assert_eq!(error_type, "ResourceNotFoundException");
    assert!(message.contains("recommendations"), "{message}");
}

/// A function that does not exist is warned about, with what would provide it.
#[durabox::test(handler = "invoke_caught")]
async fn invoke_caught_is_warned_about_the_function(runner: LocalRunner) {
    let result = runner.run(&json!({})).await?;
    let unknown = &result.local().expect("a local run").outside.unknown_functions;
    assert_eq!(unknown.iter().map(|function| function.asked.as_str()).collect::<Vec<_>>(), ["recommendations"]);
    let warnings = result.warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("with_mock(\"recommendations\", …)"), "{warnings:?}");
}

/// Mocks stand in for the function that nobody has written yet: one that answers, and one that fails.
#[durabox::test(handler = "invoke_caught")]
async fn invoke_caught_takes_what_a_mock_recommends(runner: LocalRunner) {
    let found = runner.clone().with_mock("recommendations", "a book").run(&json!({})).await?;
    assert_eq!(found.output::<String>()?, "a book");
    assert_eq!(found.mock_calls()[0].payload.as_deref(), Some(r#""Ada""#));
    let busy = runner.with_mock_error("recommendations", ErrorObject::new("Busy", "later")).run(&json!({})).await?;
    assert_eq!(busy.output::<String>()?, "none: Busy");
}

/// The function that is invoked is one like any other, and is tested by itself.
#[durabox::test(handler = "invoke_target", lambda_function_name = "invoke_target")]
async fn invoke_target_settles_after_an_hour(runner: DurableRunner) {
    let result = runner.run(&7).await?;
    assert_eq!(result.output::<String>()?, "paid 7");
    assert_eq!(tree(&result), ["WAIT settlement"]);
    assert_eq!(waits(&result, "settlement"), [3600]);
}
