use insta::assert_snapshot;

use crate::script::run;

#[test]
fn a_step_starts_and_succeeds_in_one_checkpoint() {
    assert_snapshot!(run("checkpoint start STEP a, succeed STEP a 1 | return 1"));
}

#[test]
fn a_retry_waits_for_its_delay_and_makes_the_step_ready() {
    assert_snapshot!(run(
        "checkpoint start STEP a, retry STEP a 5s | suspend | next | checkpoint start STEP a, succeed STEP a 1 | return 1"
    ));
}

#[test]
fn a_step_is_not_started_twice_nor_closed_twice() {
    assert_snapshot!(run(
        "checkpoint start STEP a | checkpoint start STEP a | checkpoint succeed STEP a 1 | checkpoint fail STEP a | checkpoint retry STEP a 1s"
    ));
}

#[test]
fn a_step_that_waits_for_its_retry_takes_no_update() {
    assert_snapshot!(run(
        "checkpoint start STEP a, retry STEP a 5s | checkpoint start STEP a | checkpoint succeed STEP a 1 | checkpoint retry STEP a 1s"
    ));
}

#[test]
fn a_first_update_may_close_the_step() {
    assert_snapshot!(run("checkpoint succeed STEP a 1, fail STEP b | return 1"));
}

#[test]
fn a_retry_that_carries_a_state_is_a_success_of_its_attempt() {
    assert_snapshot!(run(
        "checkpoint start STEP a, continue STEP a 3s 1 | suspend | next | checkpoint start STEP a, succeed STEP a 2 | return 2"
    ));
}

#[test]
fn a_retry_carries_an_error_or_a_state_but_not_both() {
    assert_snapshot!(run("checkpoint retry STEP a 3s state"));
}

#[test]
fn a_step_that_became_ready_is_an_invocation_unless_the_running_function_starts_it() {
    let begin = "checkpoint retry STEP a 1s, start STEP b | sleep 2 | checkpoint succeed STEP b 1";
    assert_snapshot!(run(&format!("{begin} | suspend | checkpoint succeed STEP a 1 | return 1")));
    assert_snapshot!(run(&format!(
        "{begin} | checkpoint start STEP a | checkpoint succeed STEP a 1, start WAIT w 1s | suspend | next | return 1"
    )));
}
