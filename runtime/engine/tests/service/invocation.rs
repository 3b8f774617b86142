use insta::assert_snapshot;

use crate::script::run;

#[test]
fn an_execution_that_returns_at_once_has_three_events() {
    assert_snapshot!(run("return 42"));
}

#[test]
fn a_handler_that_fails_fails_the_execution() {
    assert_snapshot!(run("throw no stock"));
}

#[test]
fn a_crash_is_retried_with_the_operations_kept_and_the_old_token_void() {
    assert_snapshot!(run("checkpoint start STEP a | crash | checkpoint succeed STEP a 1 | return 1"));
}

#[test]
fn the_fourth_crash_in_a_row_fails_the_execution() {
    assert_snapshot!(run("crash | crash | crash | crash"));
}

#[test]
fn an_answer_between_crashes_starts_the_count_anew() {
    assert_snapshot!(run(
        "crash | crash | crash | checkpoint start WAIT w 1s | suspend | next | crash | crash | crash | return 1"
    ));
}

#[test]
fn suspending_with_nothing_pending_is_tried_three_times() {
    assert_snapshot!(run("suspend | suspend | suspend"));
}

#[test]
fn invalid_answers_fail_the_execution_at_once() {
    assert_snapshot!(format!("{}---\n{}", run("answer-with-both"), run("answer-without-status")));
}

#[test]
fn a_stop_closes_at_once_and_refuses_the_running_function() {
    assert_snapshot!(run("stop | checkpoint start STEP a | return 1"));
}
