use durabox_engine::CheckpointRequest;
use durabox_engine::service::{CheckpointError, Effect, ExecutionConfig, Metering};
use durabox_model::OperationUpdate;
use insta::assert_snapshot;

use crate::script::{START, execution, run_with, update};

/// Checkpoints each batch; returns the first error, with proof that it changed nothing.
fn check(config: ExecutionConfig, batches: Vec<Vec<OperationUpdate>>) -> Result<Metering, CheckpointError> {
    let mut execution = execution(config);
    let Some(Effect::Invoke { input, .. }) = execution.poll_effect(START) else { panic!("no invocation") };
    let mut token = input.checkpoint_token;
    for updates in batches {
        let before = format!("{execution:?}");
        match execution.checkpoint(CheckpointRequest { token: token.clone(), updates }, START) {
            Ok(output) => token = output.token.expect("an open execution"),
            Err(error) => {
                assert_eq!(format!("{execution:?}"), before, "a rejected batch changes nothing");
                return Err(error);
            }
        }
    }
    Ok(execution.metering())
}

fn sized(text: &str, bytes: usize) -> OperationUpdate {
    OperationUpdate { payload: Some("x".repeat(bytes)), ..update(text) }
}

#[test]
fn an_operation_too_many_is_refused_with_its_name() {
    let config = || ExecutionConfig { max_operations: 3, ..ExecutionConfig::default() };
    let steps = |names: &[&str]| names.iter().map(|name| update(&format!("start STEP {name} name=n-{name}"))).collect();
    assert_eq!(check(config(), vec![steps(&["a", "b"])]).map(|metering| metering.operations), Ok(3));
    let error = check(config(), vec![steps(&["a"]), steps(&["b", "c"])]).expect_err("a fourth");
    assert_eq!(error.operation_id(), Some("c"));
    assert_snapshot!(error, @r#"an execution takes at most 3 durable operations, retries included; STEP "n-c" (c) would make it 4; do more in one step, or move a part into a function that is invoked"#);

    let retry = vec![update("retry STEP b 1s")];
    let error = check(config(), vec![steps(&["a", "b"]), retry]).expect_err("a retry too many");
    assert_snapshot!(error, @r#"an execution takes at most 3 durable operations, retries included; STEP "n-b" (b) would make it 4; do more in one step, or move a part into a function that is invoked"#);
    assert_eq!(check(config(), vec![steps(&["a", "b"]), vec![update("succeed STEP b 1")], vec![]]).map(drop), Ok(()));
}

#[test]
fn a_byte_too_many_is_refused_with_what_adds_it() {
    // The input is `{}`: 2 bytes.
    let config = || ExecutionConfig { max_bytes: 10, ..ExecutionConfig::default() };
    assert_eq!(check(config(), vec![vec![sized("succeed STEP a", 8)], vec![]]).map(|metering| metering.bytes), Ok(10));
    let over = vec![sized("succeed STEP a", 5), sized("succeed STEP b", 4)];
    let error = check(config(), vec![over]).expect_err("a byte too many");
    assert_eq!(error.operation_id(), Some("b"));
    assert_snapshot!(error, @"an execution persists at most 10 bytes; STEP b adds 4 and would make it 11; store large data elsewhere and return where it is");
    let full = vec![sized("succeed STEP a", 8)];
    assert_eq!(check(config(), vec![full.clone(), vec![update("start WAIT w 1s")]]).map(drop), Ok(()));
    let error = check(config(), vec![full, vec![sized("succeed EXECUTION r", 1)]]).expect_err("a result too large");
    assert_snapshot!(error, @"an execution persists at most 10 bytes; EXECUTION r adds 1 and would make it 11; store large data elsewhere and return where it is");
}

#[test]
fn a_checkpoint_takes_750_kib_and_a_larger_update_goes_alone() {
    let half = 380 * 1024;
    let error =
        check(ExecutionConfig::default(), vec![vec![sized("succeed STEP a", half), sized("succeed STEP b", half)]])
            .expect_err("760 KiB");
    assert_eq!(error.operation_id(), Some("b"));
    assert_snapshot!(error, @"a checkpoint takes at most 768000 bytes; STEP b adds 389176 and would make it 778352; send it in a checkpoint of its own");
    let apart = vec![vec![sized("succeed STEP a", half)], vec![sized("succeed STEP b", half)]];
    assert_eq!(check(ExecutionConfig::default(), apart).map(drop), Ok(()));
    let alone = vec![vec![sized("succeed STEP a", 1024 * 1024)]];
    assert_eq!(check(ExecutionConfig::default(), alone).map(drop), Ok(()));
}

#[test]
fn a_checkpoint_is_measured_as_json_before_it_is_refused() {
    // What the official Python SDK sends of a map over 500 items: 250 results, full to the last bytes of 750 KiB.
    let results = |bytes| (0..250).map(|step| sized(&format!("succeed STEP s{step:03}"), bytes)).collect();
    assert_eq!(check(ExecutionConfig::default(), vec![results(3000)]).map(drop), Ok(()));
    let error = check(ExecutionConfig::default(), vec![results(3072)]).expect_err("more than 750 KiB");
    assert!(matches!(error, CheckpointError::CheckpointTooLarge(_)), "{error}");
}

#[test]
fn a_result_is_at_most_6_mib_and_1_mib_for_who_invoked_the_execution() {
    let close = |config: ExecutionConfig, bytes| {
        let mut execution = execution(config);
        let Some(Effect::Invoke { input, .. }) = execution.poll_effect(START) else { panic!("no invocation") };
        let updates = vec![sized("succeed EXECUTION r", bytes)];
        execution.checkpoint(CheckpointRequest { token: input.checkpoint_token, updates }, START).map(drop)
    };
    let largest = 6 * 1024 * 1024;
    assert_eq!(close(ExecutionConfig::default(), largest), Ok(()));
    let error = close(ExecutionConfig::default(), largest + 1).expect_err("a byte too many");
    assert_snapshot!(error, @"EXECUTION output payload size must be less than or equal to 6291456 bytes, got 6291457");

    let invoked = || ExecutionConfig { max_result_bytes: 5, ..ExecutionConfig::default() };
    assert_eq!(close(invoked(), 5), Ok(()));
    assert_eq!(close(invoked(), 6), Err(CheckpointError::ResultTooLarge { size: 6, limit: 5 }));
    assert_snapshot!(run_with(invoked(), "return 123456"), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  InvocationCompleted
  0s  ExecutionFailed  EXECUTION output payload size must be less than or equal to 5 bytes, got 6
  0s  → closed: FAILED
");
}

#[test]
fn lambdas_own_limits_are_the_default() {
    let config = ExecutionConfig::default();
    assert_eq!((config.max_operations, config.max_bytes), (3000, 104_857_600));
    let batches: Vec<Vec<_>> = (0..12)
        .map(|batch| (0..250).map(|step| update(&format!("start STEP s{}", batch * 250 + step))).collect())
        .collect();
    let error = check(config, batches).expect_err("the execution and 3,000 steps");
    assert_eq!(error.operation_id(), Some("s2999"));
}

#[test]
fn what_comes_from_outside_may_go_over_and_then_only_what_adds_nothing_is_accepted() {
    let config = ExecutionConfig { max_bytes: 10, ..ExecutionConfig::default() };
    assert_snapshot!(run_with(
        config,
        "checkpoint start CALLBACK c | suspend | succeed-callback c 123456789 | meter | checkpoint start WAIT w 1s | checkpoint succeed STEP a 1 | return 123456789"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  CallbackStarted c
  0s  → told: c STARTED
  0s  InvocationCompleted
  0s  CallbackSucceeded c 123456789
  0s  → Invoke #2 with 2 operations for c
  0s  → metered: 2 operations, 11 bytes
  0s  WaitStarted w 1s
  0s  → told: w STARTED
  0s  → rejected: an execution persists at most 10 bytes; STEP a adds 1 and would make it 12; store large data elsewhere and return where it is
  0s  InvocationCompleted
  0s  ExecutionSucceeded  123456789
  0s  → closed: SUCCEEDED
");
}

#[test]
fn a_crash_may_go_over_and_then_only_what_adds_nothing_is_accepted() {
    let config = ExecutionConfig { max_operations: 2, ..ExecutionConfig::default() };
    assert_snapshot!(run_with(
        config,
        "checkpoint start STEP a | crash | meter | checkpoint succeed STEP a 1 | checkpoint succeed STEP b 1 | return 1"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  StepStarted a
  0s  → told: a STARTED
  0s  InvocationCompleted  crashed
  0s  → Invoke #2 with 2 operations
  0s  → metered: 3 operations, 32 bytes
  0s  StepSucceeded a attempt 1
  0s  → told: a SUCCEEDED
  0s  → rejected: an execution takes at most 2 durable operations, retries included; STEP b would make it 4; do more in one step, or move a part into a function that is invoked
  0s  InvocationCompleted
  0s  ExecutionSucceeded  1
  0s  → closed: SUCCEEDED
");
}
