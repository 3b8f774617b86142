use durabox_engine::CheckpointRequest;
use durabox_engine::service::{ChainedInvoke, ChainedInvokeEnd, Effect, ExecutionConfig};
use durabox_model::{EventDetails, EventPayload, details};
use insta::assert_snapshot;

use crate::script::{START, execution, run, run_suspended, run_with, update};

#[test]
fn a_chained_invoke_wakes_the_function_with_its_result() {
    assert_snapshot!(run(
        "checkpoint start CHAINED_INVOKE i function=f {} | suspend | sleep 3 | complete i 7 | return 7"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  ChainedInvokeStarted i f
  0s  → told: i STARTED
  0s  → run f for i with {}
  0s  InvocationCompleted
  3s  ChainedInvokeSucceeded i 7
  3s  → Invoke #2 with 2 operations for i
  3s  InvocationCompleted
  3s  ExecutionSucceeded  7
  3s  → closed: SUCCEEDED
");
}

#[test]
fn a_chained_invoke_fails_times_out_or_is_stopped() {
    let run = |end: &str| run(&format!("checkpoint start CHAINED_INVOKE i function=f | suspend | {end} i | throw x"));
    assert_snapshot!(format!("{}\n{}\n{}", run("fail-invoke"), run("time-out-invoke"), run("stop-invoke")), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  ChainedInvokeStarted i f
  0s  → told: i STARTED
  0s  → run f for i with nothing
  0s  InvocationCompleted
  0s  ChainedInvokeFailed i E: no such luck
  0s  → Invoke #2 with 2 operations for i
  0s  InvocationCompleted
  0s  ExecutionFailed  x
  0s  → closed: FAILED

  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  ChainedInvokeStarted i f
  0s  → told: i STARTED
  0s  → run f for i with nothing
  0s  InvocationCompleted
  0s  ChainedInvokeTimedOut i E: no such luck
  0s  → Invoke #2 with 2 operations for i
  0s  InvocationCompleted
  0s  ExecutionFailed  x
  0s  → closed: FAILED

  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  ChainedInvokeStarted i f
  0s  → told: i STARTED
  0s  → run f for i with nothing
  0s  InvocationCompleted
  0s  ChainedInvokeStopped i E: no such luck
  0s  → Invoke #2 with 2 operations for i
  0s  InvocationCompleted
  0s  ExecutionFailed  x
  0s  → closed: FAILED
");
}

#[test]
fn what_names_no_function_is_refused_at_the_checkpoint() {
    assert_snapshot!(run(
        "checkpoint start CHAINED_INVOKE i function=f:::x | checkpoint start CHAINED_INVOKE i function=123456789012:f:7"
    ), @r#"
      0s  ExecutionStarted
      0s  → Invoke #1 with 1 operations
      0s  → rejected: FunctionName must be a function's name or an ARN of it, got "f:::x"
      0s  ChainedInvokeStarted i 123456789012:f:7
      0s  → told: i STARTED
      0s  → run 123456789012:f:7 for i with nothing
    "#);
}

#[test]
fn a_chained_invoke_names_a_function_of_1_to_256_characters() {
    let long = "f".repeat(256);
    assert_snapshot!(run(&format!(
        "checkpoint start CHAINED_INVOKE i | checkpoint start CHAINED_INVOKE i function= | checkpoint start CHAINED_INVOKE i function={long}f | checkpoint start CHAINED_INVOKE i function={long}"
    )), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  → rejected: Invalid ChainedInvokeOptions for the given action.
  0s  → rejected: FunctionName must be 1 to 256 characters, got 0
  0s  → rejected: FunctionName must be 1 to 256 characters, got 257
  0s  ChainedInvokeStarted i ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
  0s  → told: i STARTED
  0s  → run ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff for i with nothing
");
}

#[test]
fn a_chained_invoke_starts_once_and_is_cancelled_only_while_it_runs() {
    assert_snapshot!(run(
        "checkpoint cancel CHAINED_INVOKE i | checkpoint start CHAINED_INVOKE i function=f | checkpoint start CHAINED_INVOKE i function=f | checkpoint succeed CHAINED_INVOKE i | checkpoint retry CHAINED_INVOKE i 1s | checkpoint fail CHAINED_INVOKE i | checkpoint cancel CHAINED_INVOKE i | checkpoint cancel CHAINED_INVOKE i"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  → rejected: Cannot cancel an INVOKE that does not exist or has already completed.
  0s  ChainedInvokeStarted i f
  0s  → told: i STARTED
  0s  → run f for i with nothing
  0s  → rejected: Cannot start an INVOKE that already exist.
  0s  → rejected: Invalid INVOKE action.
  0s  → rejected: Invalid INVOKE action.
  0s  → rejected: Invalid INVOKE action.
  0s  → told: i CANCELLED
  0s  → rejected: Cannot cancel an INVOKE that does not exist or has already completed.
");
}

#[test]
fn an_end_after_a_cancel_or_a_second_end_or_one_of_nobody_changes_nothing() {
    assert_snapshot!(run(
        "checkpoint start CHAINED_INVOKE i function=f, start CHAINED_INVOKE j function=g, start STEP s | checkpoint cancel CHAINED_INVOKE i | complete i 1 | complete s 1 | complete nobody 1 | suspend | complete j 2 | fail-invoke j | return 2"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  ChainedInvokeStarted i f
  0s  ChainedInvokeStarted j g
  0s  StepStarted s
  0s  → told: i STARTED, j STARTED, s STARTED
  0s  → run f for i with nothing
  0s  → run g for j with nothing
  0s  → told: i CANCELLED
  0s  InvocationCompleted
  0s  ChainedInvokeSucceeded j 2
  0s  → Invoke #2 with 4 operations for j
  0s  InvocationCompleted
  0s  ExecutionSucceeded  2
  0s  → closed: SUCCEEDED
");
}

#[test]
fn an_end_while_the_function_runs_is_told_at_its_next_checkpoint_and_wakes_it_no_more() {
    assert_snapshot!(run(
        "checkpoint start CHAINED_INVOKE i function=f, start WAIT w 6s | complete i 1 | checkpoint | suspend | next | return 1"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  ChainedInvokeStarted i f
  0s  WaitStarted w 6s
  0s  → told: i STARTED, w STARTED
  0s  → run f for i with nothing
  0s  ChainedInvokeSucceeded i 1
  0s  → told: i SUCCEEDED
  0s  InvocationCompleted
  6s  WaitSucceeded w
  6s  → Invoke #2 with 3 operations for w
  6s  InvocationCompleted
  6s  ExecutionSucceeded  1
  6s  → closed: SUCCEEDED
");
}

#[test]
fn an_end_of_a_closed_execution_changes_nothing() {
    let config = ExecutionConfig { execution_timeout_seconds: 5, ..ExecutionConfig::default() };
    assert_snapshot!(run_with(
        config,
        "checkpoint start CHAINED_INVOKE i function=f | suspend | sleep 6 | complete i 1"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  ChainedInvokeStarted i f
  0s  → told: i STARTED
  0s  → run f for i with nothing
  0s  InvocationCompleted
  6s  ExecutionTimedOut
  6s  → closed: TIMED_OUT
");
}

#[test]
fn an_end_at_the_instant_of_a_timer_comes_before_it() {
    assert_snapshot!(run_suspended("start WAIT w 5s, start CHAINED_INVOKE i function=f", "sleep 5 | complete i 1 | checkpoint | return 1"), @r"
  5s  ChainedInvokeSucceeded i 1
  5s  → Invoke #2 with 3 operations for i
  5s  WaitSucceeded w
  5s  → told: w SUCCEEDED
  5s  InvocationCompleted
  5s  ExecutionSucceeded  1
  5s  → closed: SUCCEEDED
");
}

#[test]
fn a_rejected_batch_invokes_nothing() {
    assert_snapshot!(run("checkpoint start CHAINED_INVOKE i function=f, start WAIT w 0s | checkpoint"), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  → rejected: WaitSeconds must be 1 to 31622400 seconds, got 0
  0s  → told:
");
}

#[test]
fn the_driver_takes_each_invoke_once_and_completes_the_event_in_its_place() {
    let mut execution = execution(ExecutionConfig::default());
    let Some(Effect::Invoke { input, .. }) = execution.poll_effect(START) else { panic!("no invocation") };
    let mut start = update("start CHAINED_INVOKE i function=f:7 tenant=blue {}");
    start.chained_invoke_options.as_mut().expect("options").x_amzn_trace_id = Some("Root=1".into());
    let updates = vec![start, update("start STEP s")];
    execution.checkpoint(CheckpointRequest { token: input.checkpoint_token, updates }, START).expect("ok");

    let taken = ChainedInvoke {
        operation_id: "i".into(),
        function_name: "f:7".into(),
        tenant_id: Some("blue".into()),
        x_amzn_trace_id: Some("Root=1".into()),
        payload: Some("{}".into()),
    };
    assert_eq!(execution.take_chained_invokes(), [taken]);
    assert_eq!(execution.take_chained_invokes(), []);

    for id in ["i", "s", "nobody"] {
        execution.chained_invoke_started(id, Some("7".into()), Some("arn:other".into()));
    }
    let event = &execution.events()[1];
    assert_eq!((event.event_id, event.id.as_deref()), (2, Some("i")));
    let expected = details::ChainedInvokeStarted {
        function_name: "f:7".into(),
        tenant_id: Some("blue".into()),
        input: Some(EventPayload::new(Some("{}".into()))),
        executed_version: Some("7".into()),
        durable_execution_arn: Some("arn:other".into()),
    };
    assert_eq!(event.details, EventDetails::from(expected));
    assert_eq!(execution.events()[2].details, details::StepStarted {}.into());

    execution.complete_chained_invoke("i", ChainedInvokeEnd::Succeeded(None), START);
    let operation = &execution.operations()[1];
    assert_eq!(operation.result(), None);
    assert!(operation.status.is_terminal() && operation.end_timestamp == Some(START));
}
