use durabox_engine::service::ExecutionConfig;
use insta::assert_snapshot;

use crate::script::run_with;

#[test]
fn an_execution_timeout_ends_a_wait_that_is_longer() {
    let config = ExecutionConfig { execution_timeout_seconds: 30, ..ExecutionConfig::default() };
    assert_snapshot!(run_with(config, "checkpoint start WAIT w 60s | suspend | next"));
}

#[test]
fn an_execution_timeout_beats_a_wait_of_the_same_instant() {
    let config = ExecutionConfig { execution_timeout_seconds: 60, ..ExecutionConfig::default() };
    assert_snapshot!(run_with(config, "checkpoint start WAIT w 60s | suspend | next"));
}

#[test]
fn a_running_function_is_refused_once_the_execution_has_timed_out() {
    let config = ExecutionConfig { execution_timeout_seconds: 5, ..ExecutionConfig::default() };
    assert_snapshot!(run_with(config, "sleep 6 | checkpoint start STEP a | return 1"));
}
