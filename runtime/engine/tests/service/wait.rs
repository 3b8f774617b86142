use insta::assert_snapshot;

use crate::script::run;

#[test]
fn a_wait_wakes_the_function_at_its_deadline() {
    assert_snapshot!(run("checkpoint start WAIT cool-down 10s | suspend | next | return 1"));
}

#[test]
fn a_wait_that_falls_due_while_the_function_is_busy_is_told_at_its_next_checkpoint() {
    assert_snapshot!(run("checkpoint start WAIT w 2s | sleep 5 | checkpoint | return 1"));
}

#[test]
fn a_wait_that_falls_due_unseen_wakes_the_function_at_once() {
    assert_snapshot!(run("checkpoint start WAIT w 2s | sleep 5 | suspend | next | return 1"));
}

#[test]
fn two_waits_wake_the_function_one_by_one_in_the_order_of_their_deadlines() {
    assert_snapshot!(run(
        "checkpoint start WAIT long 20s, start WAIT short 10s | suspend | next | suspend | next | return 1"
    ));
}

#[test]
fn a_wait_is_cancelled_only_while_it_waits() {
    assert_snapshot!(run("checkpoint start WAIT w 5s | checkpoint cancel WAIT w | checkpoint cancel WAIT w"));
}

#[test]
fn a_wait_takes_one_second_to_366_days() {
    assert_snapshot!(run(
        "checkpoint start WAIT a 0s | checkpoint start WAIT b 31622401s | checkpoint start WAIT c | checkpoint start WAIT d 31622400s"
    ));
}

#[test]
fn what_the_running_function_was_told_earns_no_invocation_of_its_own() {
    assert_snapshot!(run(
        "checkpoint start WAIT w 1s, start STEP s | sleep 3 | checkpoint succeed STEP s 1 | checkpoint start WAIT last 3s | suspend | next | return 1"
    ));
    // Nor does it make a suspension with nothing pending a valid one.
    assert_snapshot!(run("checkpoint start WAIT w 1s | sleep 3 | checkpoint | suspend | suspend | suspend"));
}

#[test]
fn what_moved_after_the_last_checkpoint_is_an_invocation_for_that_alone() {
    assert_snapshot!(run(
        "checkpoint start WAIT a 1s, start WAIT b 2s | sleep 1 | checkpoint | sleep 1 | next | suspend | return 1"
    ));
}
