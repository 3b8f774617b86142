//! `LocalRunner` as a test's author meets it: callbacks answered up front and by hand, invokes that
//! run other handlers or mocks.

use std::time::Duration;

use durabox::runtime::model::{EventDetails, ExecutionStatus};
use durabox::{CallbackAnswer, ErrorObject, LocalRunner, RunError, TestResult, block_on};
use serde_json::{Value, json};

fn runner(handler: &str) -> LocalRunner {
    LocalRunner::new(handler)
}

/// Returns `+90s CallbackSucceeded` of each event about an operation.
fn events(result: &TestResult) -> Vec<String> {
    let events = result.events().iter().filter(|event| event.id.is_some());
    let offset = |event: &durabox::runtime::model::Event| event.event_timestamp.since(result.start());
    events.map(|event| format!("+{}s {}", offset(event).as_secs(), event.details.event_type())).collect()
}

#[test]
fn a_callback_is_answered_up_front_by_its_name() {
    let result = runner("callback_4_1").with_callback_success("approval", "yes").run_blocking("approval");
    let result = result.expect("a run");
    assert_eq!(result.output::<String>().expect("an output"), "yes");
    assert_eq!(events(&result), ["+0s CallbackStarted", "+0s CallbackSucceeded"]);
    assert_eq!(result.invocations().len(), 2);
    assert_eq!(result.warnings(), Vec::<String>::new());
}

#[test]
fn a_wait_for_callback_goes_by_its_own_name() {
    let answer = CallbackAnswer::success("approval", Some("\"yes\"".into())).after(Duration::from_secs(90));
    let result = runner("wait_for_callback_7_1").with_callback(answer).run_blocking("approval").expect("a run");
    assert_eq!(result.output::<String>().expect("an output"), "yes");
    let end = result.end().expect("an end");
    assert_eq!(end.since(result.start()).as_secs(), 90);
}

#[test]
fn a_failure_given_up_front_fails_the_callback() {
    let error = ErrorObject::new("Declined", "not today");
    let result = runner("callback_4_1").with_callback_failure("*", error).run_blocking("approval").expect("a run");
    assert_eq!(result.status(), ExecutionStatus::Failed);
    let error = result.error().and_then(|error| error.error_message.as_deref()).unwrap_or_default();
    assert!(error.contains("not today"), "{error}");
}

#[test]
fn a_run_without_an_answer_ends_open_and_says_how_to_answer() {
    let result = runner("callback_4_1").with_callback_success("aproval", "yes").run_blocking("approval");
    let result = result.expect("a run");
    assert_eq!(result.status(), ExecutionStatus::Running);
    assert_eq!(result.open_callbacks()[0].name.as_deref(), Some("approval"));
    let text = result.output::<String>().expect_err("no output").to_string();
    for words in [
        "the execution is RUNNING",
        "callback `approval` (tests/handlers/src/bin/callback_4_1.rs:",
        "with_callback_success(\"approval\", &value)",
        "`aproval` was not used",
        "did you mean `approval`?",
    ] {
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
    }
}

#[test]
fn a_callback_is_answered_by_hand_while_time_stands_still() {
    let result = block_on(async {
        let mut running = runner("callback_4_1").start("approval").await?;
        let open = running.wait_for_callback("approval").await?;
        assert_eq!(open.name.as_deref(), Some("approval"));
        assert!(open.site.is_some_and(|site| site.file.ends_with("callback_4_1.rs")));
        running.send_callback_success(&open.id, "yes").await?;
        running.wait_for_result().await
    });
    let result = result.expect("a runtime").expect("a run");
    assert_eq!(result.output::<String>().expect("an output"), "yes");
}

#[test]
fn a_late_answer_names_the_callback_its_status_and_when_it_closed() {
    let text = block_on(async {
        let mut running = runner("callback_4_1").start("approval").await.expect("a handler");
        let open = running.wait_for_callback("approval").await.expect("a callback");
        running.send_callback_failure("approval", ErrorObject::new("Declined", "no")).await.expect("it is open");
        let second = running.send_callback_success(&open.id, "yes").await.expect_err("closed").to_string();
        let unknown = running.wait_for_callback("aproval").await.expect_err("no such callback");
        assert!(matches!(unknown, RunError::NoCallback { status: ExecutionStatus::Failed, .. }), "{unknown:?}");
        assert!(format!("{unknown:?}").contains("did you mean `approval`?"), "{unknown:?}");
        let third = running.send_callback_heartbeat("approval").await.expect_err("closed").to_string();
        assert_eq!(second, third);
        second
    });
    let text = text.expect("a runtime");
    let expected =
        "callback \"approval\" takes an answer while it is STARTED, it is FAILED since 2026-01-01T00:00:00.000Z";
    assert_eq!(text, expected);
}

#[test]
fn another_handler_of_the_workspace_is_invoked_by_name_and_qualifier() {
    let input = json!({ "amount": 7 });
    let result = runner("invoke_5_1").run_blocking(&input).expect("a run");
    assert_eq!(result.output::<Value>().expect("an output"), input);
    let echo = result.chained_of("invoke_target_echo").expect("an execution of the target");
    assert_eq!(echo.status(), ExecutionStatus::Succeeded);
    let started = result.events().iter().find_map(|event| match &event.details {
        EventDetails::ChainedInvokeStarted(started) => started.details.durable_execution_arn.clone(),
        _ => None,
    });
    assert_eq!(started.as_deref(), Some(echo.arn()));
    let text = result.text();
    assert!(text.contains("invoked by CHAINED_INVOKE"), "{text}");
    assert!(text.contains("metered    2 operations"), "{text}");
}

#[test]
fn a_mock_stands_in_for_a_function() {
    let mocked = runner("invoke_5_1").with_mock("invoke_target_echo", "mocked").run_blocking("input").expect("a run");
    assert_eq!(mocked.output::<String>().expect("an output"), "mocked");
    assert_eq!(mocked.mock_calls().len(), 1);
    assert_eq!(mocked.mock_calls()[0].payload.as_deref(), Some("\"input\""));
    assert!(mocked.chained().is_empty());

    let failing = runner("invoke_5_1").with_mock_error("invoke_target_echo", ErrorObject::new("Declined", "no"));
    let failed = failing.run_blocking("input").expect("a run");
    assert_eq!(failed.status(), ExecutionStatus::Failed);

    let closure = runner("invoke_5_1").with_mock_fn("invoke_target_echo:$LATEST", |call| Ok(call.payload.clone()));
    assert_eq!(closure.run_blocking("input").expect("a run").output::<String>().expect("an output"), "input");
}

#[test]
fn a_function_may_go_by_another_name_and_an_unknown_one_gets_what_is_near() {
    let renamed = runner("invoke_5_1").with_environment("TARGET_FUNCTION_NAME", "echo:live");
    let result = renamed.clone().with_function("echo", "invoke_target_echo").run_blocking("input").expect("a run");
    assert_eq!(result.output::<String>().expect("an output"), "input");

    let misspelt = runner("invoke_5_1").with_environment("TARGET_FUNCTION_NAME", "invoke_target_ecko");
    let result = misspelt.run_blocking("input").expect("a run");
    let text = result.output::<String>().expect_err("no such function").to_string();
    for words in [
        "Function not found: arn:aws:lambda:us-east-1:123456789012:function:invoke_target_ecko:$LATEST",
        "did you mean `invoke_target_echo`",
        "with_mock(\"invoke_target_ecko\", …)",
    ] {
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
    }
}

#[test]
fn pages_of_one_operation_change_nothing() {
    let whole = runner("invoke_5_1").run_blocking("input").expect("a run");
    let paged = runner("invoke_5_1").with_page_size(1).run_blocking("input").expect("a run");
    assert_eq!(events(&whole), events(&paged));
    let answered = runner("callback_4_1").with_page_size(1).with_callback_success("a", "yes");
    assert_eq!(answered.run_blocking("a").expect("a run").output::<String>().expect("an output"), "yes");
}

#[test]
fn a_payload_over_256_kib_is_warned_about_with_its_size_and_call_site() {
    let large = "x".repeat(300_000);
    let result = runner("callback_4_1").with_callback_success("a", &large).run_blocking("a").expect("a run");
    let warnings = result.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for words in ["the result of CALLBACK a is 300,002 bytes", "262,144 (256 KiB)", "callback_4_1.rs:6", "hint: "] {
        assert!(warnings[0].contains(words), "{words:?} is not in:\n{}", warnings[0]);
    }
    assert!(result.metering().bytes > 600_000, "the callback's result and the execution's");
}

#[test]
fn a_rejected_checkpoint_names_the_place_in_the_source() {
    let result = runner("bench_steps").run_blocking(&3100).expect("a run");
    let message = result.error().and_then(|error| error.error_message.clone()).expect("a message");
    assert!(message.contains("3000") && message.contains("3001"), "both sides: {message}");
    assert!(message.ends_with("(at tests/handlers/src/bin/bench_steps.rs:8)"), "{message}");
}

#[test]
fn an_invoked_handler_is_checked_for_determinism_too() {
    let target = runner("invoke_5_1").with_environment("TARGET_FUNCTION_NAME", "iterates_hash_map_into_result");
    let error = target.run_blocking("input").expect_err("the order of a hash map");
    assert!(matches!(error, RunError::Divergence(_)), "{error:?}");
    assert!(error.to_string().contains("iterates_hash_map_into_result-"), "{error}");
}

#[test]
fn values_that_cannot_be_json_are_refused() {
    let unwritable = std::collections::HashMap::from([(vec![1], 1)]);
    let error = runner("callback_4_1").with_callback_success("a", &unwritable).run_blocking("a").expect_err("no JSON");
    assert!(matches!(error, RunError::Value(_)), "{error:?}");
}
