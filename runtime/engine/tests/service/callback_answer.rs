use durabox_engine::CheckpointRequest;
use durabox_engine::service::{
    CallbackError, Effect, Execution, ExecutionConfig, InvocationEnd, StartExecution, callback_execution_arn,
};
use durabox_model::{ErrorObject, InvocationOutput, OperationStatus};
use insta::assert_snapshot;

use crate::script::{ARN, START, callback_id, execution, update};

fn started(updates: &[&str]) -> (Execution, String) {
    let mut execution = execution(ExecutionConfig::default());
    let Some(Effect::Invoke { input, .. }) = execution.poll_effect(START) else { panic!("no invocation") };
    let updates = updates.iter().map(|text| update(text)).collect();
    let output = execution.checkpoint(CheckpointRequest { token: input.checkpoint_token, updates }, START).expect("ok");
    let details = output.operations[0].callback_details.as_ref().expect("a callback");
    (execution, details.callback_id.clone().expect("the answer to START carries the callback id"))
}

#[test]
fn a_callback_id_is_base64_and_names_its_execution() {
    let (_, id) = started(&["start CALLBACK c"]);
    assert_eq!(callback_execution_arn(&id).as_deref(), Some(ARN));
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)), "{id}");
    for strange in ["", "c", "bm90aGluZw==", "no base64!", &id[..id.len() - 1]] {
        assert_eq!(callback_execution_arn(strange), None, "{strange:?}");
    }
}

#[test]
fn a_callback_id_of_the_longest_arn_keeps_to_lambdas_limit() {
    let long = |length| "x".repeat(length);
    let function = format!("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:{}:$LATEST.PUBLISHED", long(140));
    let arn = format!("{function}/durable-execution/{}/{}", long(64), long(64));
    let start = StartExecution { arn, input: None, config: ExecutionConfig::default() };
    let mut execution = Execution::start(start, START);
    let Some(Effect::Invoke { input, .. }) = execution.poll_effect(START) else { panic!("no invocation") };
    let updates = vec![update(&format!("start CALLBACK {}", long(63)))];
    execution.checkpoint(CheckpointRequest { token: input.checkpoint_token, updates }, START).expect("ok");
    let id = callback_id(&execution, &long(63));
    assert!(id.len() <= durabox_model::MAX_CALLBACK_ID_LENGTH, "{}", id.len());
    execution.succeed_callback(&id, None, START).expect("the id works");
}

#[test]
fn an_answer_to_an_unknown_callback_says_which_execution_was_asked() {
    let (mut execution, id) = started(&["start CALLBACK c", "start STEP s"]);
    let other = Execution::start(
        StartExecution { arn: ARN.replace("/e1", "/e2"), input: None, config: ExecutionConfig::default() },
        START,
    );
    let before = format!("{execution:?}");
    let refused = execution.succeed_callback("c", None, START).expect_err("no such id");
    assert_snapshot!(refused, @r#"no callback of execution arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST/durable-execution/n/e1 has the id "c""#);
    let mut other = other;
    assert!(matches!(other.heartbeat_callback(&id, START), Err(CallbackError::NotFound { .. })));
    assert_eq!(format!("{execution:?}"), before, "a refused answer changes nothing");
}

#[test]
fn an_answer_has_limits_that_name_the_size() {
    let (mut execution, id) = started(&["start CALLBACK c"]);
    let large = "x".repeat(1024 * 1024 + 1);
    let refused = execution.succeed_callback(&id, Some(large.clone()), START).expect_err("too large");
    assert_snapshot!(refused, @"a callback's result takes at most 1048576 bytes, got 1048577");
    let refused = execution.fail_callback(&id, ErrorObject::new("", large), START).expect_err("too large");
    assert_snapshot!(refused, @"a callback's error takes at most 1048576 bytes, got 1048577");
    execution.succeed_callback(&id, Some("x".repeat(1024 * 1024)), START).expect("at the limit");
}

#[test]
fn open_callbacks_are_listed_in_start_order_until_they_are_answered() {
    let (mut execution, _) =
        started(&["start CALLBACK z", "start CALLBACK a 10s", "start WAIT w 60s", "start CALLBACK m"]);
    let open = |execution: &Execution| {
        execution.open_callbacks().map(|callback| callback.id.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(open(&execution), "z a m");
    execution.succeed_callback(&callback_id(&execution, "z"), None, START).expect("open");
    assert_eq!(open(&execution), "a m");
    execution.handle_timeout(START.plus_seconds(10));
    assert_eq!(open(&execution), "m");
    assert_eq!(execution.operations()[2].status, OperationStatus::TimedOut);
    execution.complete_invocation(InvocationEnd::Answered(InvocationOutput::succeeded(None)), START.plus_seconds(10));
    assert_eq!(open(&execution), "");
}
