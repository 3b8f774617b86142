use insta::assert_snapshot;

use crate::script::{run, run_suspended};

#[test]
fn a_callback_wakes_the_function_with_its_result() {
    assert_snapshot!(run("checkpoint start CALLBACK c | suspend | sleep 3 | succeed-callback c 7 | return 7"), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  CallbackStarted c
  0s  → told: c STARTED
  0s  InvocationCompleted
  3s  CallbackSucceeded c 7
  3s  → Invoke #2 with 2 operations for c
  3s  InvocationCompleted
  3s  ExecutionSucceeded  7
  3s  → closed: SUCCEEDED
");
}

#[test]
fn a_callback_wakes_the_function_with_its_failure() {
    assert_snapshot!(run_suspended("start CALLBACK c", "fail-callback c | throw declined"), @r"
  0s  CallbackFailed c E: declined
  0s  → Invoke #2 with 2 operations for c
  0s  InvocationCompleted
  0s  ExecutionFailed  declined
  0s  → closed: FAILED
");
}

#[test]
fn an_empty_answer_is_a_result_that_is_absent() {
    assert_snapshot!(run_suspended("start CALLBACK c", "succeed-callback c | return null"), @r"
  0s  CallbackSucceeded c
  0s  → Invoke #2 with 2 operations for c
  0s  InvocationCompleted
  0s  ExecutionSucceeded  null
  0s  → closed: SUCCEEDED
");
}

#[test]
fn a_callback_is_answered_once() {
    assert_snapshot!(run_suspended("start CALLBACK c name=approve", "succeed-callback c 1 | succeed-callback c 2 | fail-callback c | heartbeat c | return 1"), @r#"
  0s  CallbackSucceeded c 1
  0s  → Invoke #2 with 2 operations for c
  0s  → refused: callback "approve" takes an answer while it is STARTED, it is SUCCEEDED since 2026-01-01T00:00:00.000Z
  0s  → refused: callback "approve" takes an answer while it is STARTED, it is SUCCEEDED since 2026-01-01T00:00:00.000Z
  0s  → refused: callback "approve" takes an answer while it is STARTED, it is SUCCEEDED since 2026-01-01T00:00:00.000Z
  0s  InvocationCompleted
  0s  ExecutionSucceeded  1
  0s  → closed: SUCCEEDED
"#);
}

#[test]
fn a_closed_execution_takes_no_answer_and_has_no_open_callback() {
    assert_snapshot!(run("checkpoint start CALLBACK c | return 1 | succeed-callback c 1 | heartbeat c"), @r#"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  CallbackStarted c
  0s  → told: c STARTED
  0s  InvocationCompleted
  0s  ExecutionSucceeded  1
  0s  → closed: SUCCEEDED
  0s  → refused: callback "c" takes an answer while its execution is RUNNING, it is SUCCEEDED since 2026-01-01T00:00:00.000Z
  0s  → refused: callback "c" takes an answer while its execution is RUNNING, it is SUCCEEDED since 2026-01-01T00:00:00.000Z
"#);
    assert_snapshot!(run("checkpoint start CALLBACK c | stop | fail-callback c"), @r#"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  CallbackStarted c
  0s  → told: c STARTED
  0s  ExecutionStopped
  0s  → refused: callback "c" takes an answer while its execution is RUNNING, it is STOPPED since 2026-01-01T00:00:00.000Z
"#);
}

#[test]
fn an_answer_while_the_function_runs_is_told_at_its_next_checkpoint_and_wakes_it_no_more() {
    assert_snapshot!(run(
        "checkpoint start CALLBACK c, start WAIT w 6s | succeed-callback c 1 | checkpoint | suspend | next | return 1"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  CallbackStarted c
  0s  WaitStarted w 6s
  0s  → told: c STARTED, w STARTED
  0s  CallbackSucceeded c 1
  0s  → told: c SUCCEEDED
  0s  InvocationCompleted
  6s  WaitSucceeded w
  6s  → Invoke #2 with 3 operations for w
  6s  InvocationCompleted
  6s  ExecutionSucceeded  1
  6s  → closed: SUCCEEDED
");
}

#[test]
fn an_answer_wakes_a_function_that_waits_for_something_else() {
    assert_snapshot!(run_suspended("start CALLBACK c, start WAIT w 6s", "sleep 1 | fail-callback c | suspend | next | throw declined"), @r"
  1s  CallbackFailed c E: declined
  1s  → Invoke #2 with 3 operations for c
  1s  InvocationCompleted
  6s  WaitSucceeded w
  6s  → Invoke #3 with 3 operations for w
  6s  InvocationCompleted
  6s  ExecutionFailed  declined
  6s  → closed: FAILED
");
}

#[test]
fn two_callbacks_are_answered_in_any_order() {
    assert_snapshot!(run_suspended("start CALLBACK a, start CALLBACK b", "succeed-callback b 2 | suspend | succeed-callback a 1 | return 3"), @r"
  0s  CallbackSucceeded b 2
  0s  → Invoke #2 with 3 operations for b
  0s  InvocationCompleted
  0s  CallbackSucceeded a 1
  0s  → Invoke #3 with 3 operations for a
  0s  InvocationCompleted
  0s  ExecutionSucceeded  3
  0s  → closed: SUCCEEDED
");
}

#[test]
fn a_suspended_function_with_an_answered_callback_only_has_nothing_pending() {
    assert_snapshot!(run_suspended("start CALLBACK c", "succeed-callback c 1 | suspend | suspend | suspend"), @r"
  0s  CallbackSucceeded c 1
  0s  → Invoke #2 with 2 operations for c
  0s  InvocationCompleted
  0s  → Invoke #3 with 2 operations
  0s  InvocationCompleted
  0s  → Invoke #4 with 2 operations
  0s  InvocationCompleted
  0s  ExecutionFailed  Cannot return PENDING status with no pending operations.
  0s  → closed: FAILED
");
}

#[test]
fn a_callback_starts_once_and_takes_no_other_action() {
    assert_snapshot!(run(
        "checkpoint start CALLBACK c | checkpoint start CALLBACK c | checkpoint succeed CALLBACK c | checkpoint cancel CALLBACK c | checkpoint fail CALLBACK d | checkpoint retry CALLBACK d"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  CallbackStarted c
  0s  → told: c STARTED
  0s  → rejected: Cannot start a CALLBACK that already exist.
  0s  → rejected: Invalid action for CALLBACK operation.
  0s  → rejected: Invalid action for CALLBACK operation.
  0s  → rejected: Invalid action for CALLBACK operation.
  0s  → rejected: Invalid action for CALLBACK operation.
");
}

#[test]
fn a_callback_takes_timeouts_of_0_to_99_999_999_seconds() {
    assert_snapshot!(run(
        "checkpoint start CALLBACK a 100000000s | checkpoint start CALLBACK a heartbeat=100000000 | checkpoint start CALLBACK a 99999999s heartbeat=99999999"
    ), @r"
  0s  ExecutionStarted
  0s  → Invoke #1 with 1 operations
  0s  → rejected: TimeoutSeconds must be 0 (none) to 99999999 seconds, got 100000000
  0s  → rejected: HeartbeatTimeoutSeconds must be 0 (none) to 99999999 seconds, got 100000000
  0s  CallbackStarted a timeout 99999999s, heartbeat 99999999s
  0s  → told: a STARTED
");
}
