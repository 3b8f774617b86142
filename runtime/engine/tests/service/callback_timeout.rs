use durabox_engine::service::ExecutionConfig;
use insta::assert_snapshot;

use crate::script::{run, run_suspended, run_with};

#[test]
fn a_callback_times_out() {
    assert_snapshot!(run("checkpoint start CALLBACK c 10s | suspend | next | throw timeout"), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  CallbackStarted c timeout 10s
  0s  → told: c STARTED
  0s  InvocationCompleted
 10s  CallbackTimedOut c Callback.Timeout: Callback timed out
 10s  → Invoke #2 with 2 operations for c
 10s  InvocationCompleted
 10s  ExecutionFailed  timeout
 10s  → closed: FAILED
");
}

#[test]
fn a_callback_times_out_when_no_heartbeat_comes() {
    assert_snapshot!(run_suspended("start CALLBACK c 60s heartbeat=10", "next | throw timeout"), @r"
 10s  CallbackTimedOut c Callback.Heartbeat: Callback timed out on heartbeat
 10s  → Invoke #2 with 2 operations for c
 10s  InvocationCompleted
 10s  ExecutionFailed  timeout
 10s  → closed: FAILED
");
}

#[test]
fn a_heartbeat_puts_off_the_heartbeat_timeout_and_leaves_no_event() {
    assert_snapshot!(run_suspended("start CALLBACK c heartbeat=10", "sleep 6 | heartbeat c | next | next | throw timeout"), @r"
 16s  CallbackTimedOut c Callback.Heartbeat: Callback timed out on heartbeat
 16s  → Invoke #2 with 2 operations for c
 16s  InvocationCompleted
 16s  ExecutionFailed  timeout
 16s  → closed: FAILED
");
}

#[test]
fn heartbeats_do_not_put_off_the_total_timeout() {
    assert_snapshot!(run_suspended("start CALLBACK c 15s heartbeat=10", "sleep 9 | heartbeat c | next | next | throw timeout"), @r"
 15s  CallbackTimedOut c Callback.Timeout: Callback timed out
 15s  → Invoke #2 with 2 operations for c
 15s  InvocationCompleted
 15s  ExecutionFailed  timeout
 15s  → closed: FAILED
");
}

#[test]
fn of_two_deadlines_at_one_instant_the_total_timeout_counts() {
    assert_snapshot!(run_suspended("start CALLBACK c 10s heartbeat=10", "next | throw timeout"), @r"
 10s  CallbackTimedOut c Callback.Timeout: Callback timed out
 10s  → Invoke #2 with 2 operations for c
 10s  InvocationCompleted
 10s  ExecutionFailed  timeout
 10s  → closed: FAILED
");
}

#[test]
fn a_timeout_of_zero_seconds_is_none() {
    assert_snapshot!(run_suspended("start CALLBACK c 0s heartbeat=0", "sleep 100 | succeed-callback c 1"), @r"
100s  CallbackSucceeded c 1
100s  → Invoke #2 with 2 operations for c
");
}

#[test]
fn a_heartbeat_of_a_callback_without_a_heartbeat_timeout_arms_none() {
    assert_snapshot!(run_suspended("start CALLBACK c 10s", "sleep 9 | heartbeat c | next"), @r"
 10s  CallbackTimedOut c Callback.Timeout: Callback timed out
 10s  → Invoke #2 with 2 operations for c
");
}

#[test]
fn an_answer_at_the_instant_of_the_timeout_is_in_time() {
    assert_snapshot!(run_suspended("start CALLBACK c 10s", "sleep 10 | succeed-callback c 1 | next | return 1"), @r"
 10s  CallbackSucceeded c 1
 10s  → Invoke #2 with 2 operations for c
 10s  InvocationCompleted
 10s  ExecutionSucceeded  1
 10s  → closed: SUCCEEDED
");
}

#[test]
fn an_answer_after_the_timeout_is_late_though_nobody_has_noticed_the_timeout_yet() {
    assert_snapshot!(run_suspended("start CALLBACK c 10s", "sleep 11 | succeed-callback c 1 | throw timeout"), @r#"
 11s  CallbackTimedOut c Callback.Timeout: Callback timed out
 11s  → refused: callback "c" takes an answer while it is STARTED, it is TIMED_OUT since 2026-01-01T00:00:11.000Z
 11s  → Invoke #2 with 2 operations for c
 11s  InvocationCompleted
 11s  ExecutionFailed  timeout
 11s  → closed: FAILED
"#);
}

#[test]
fn an_execution_timeout_that_is_earlier_than_the_answer_closes_first() {
    let config = ExecutionConfig { execution_timeout_seconds: 5, ..ExecutionConfig::default() };
    assert_snapshot!(run_with(config, "checkpoint start CALLBACK c | suspend | sleep 6 | succeed-callback c 1"), @r#"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  CallbackStarted c
  0s  → told: c STARTED
  0s  InvocationCompleted
  6s  ExecutionTimedOut
  6s  → refused: callback "c" takes an answer while its execution is RUNNING, it is TIMED_OUT since 2026-01-01T00:00:06.000Z
  6s  → closed: TIMED_OUT
"#);
}

#[test]
fn a_timeout_wakes_a_function_that_waits_for_something_else() {
    assert_snapshot!(run_suspended("start CALLBACK c 2s, start WAIT w 6s", "next | suspend | next | return 1"), @r"
  2s  CallbackTimedOut c Callback.Timeout: Callback timed out
  2s  → Invoke #2 with 3 operations for c
  2s  InvocationCompleted
  6s  WaitSucceeded w
  6s  → Invoke #3 with 3 operations for w
  6s  InvocationCompleted
  6s  ExecutionSucceeded  1
  6s  → closed: SUCCEEDED
");
}
