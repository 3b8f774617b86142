use durabox_engine::service::ExecutionConfig;
use insta::assert_snapshot;

use crate::script::{run, run_with};

#[test]
fn a_suspended_execution_is_paused_at_once_and_its_timers_go_on() {
    assert_snapshot!(run("checkpoint start WAIT w 5s | suspend | pause | sleep 1 | next | status | resume | return 1"));
}

#[test]
fn a_pause_takes_effect_at_the_next_checkpoint_and_cuts_the_invocation_short() {
    assert_snapshot!(run(
        "pause | status | checkpoint start STEP a | checkpoint succeed STEP a 1 | return 1 | resume | return 2"
    ));
}

#[test]
fn what_a_pause_has_cut_short_does_not_count_though_it_is_resumed_meanwhile() {
    assert_snapshot!(run("pause | checkpoint start STEP a | resume | return 1 | status | return 2"));
}

#[test]
fn a_pause_takes_effect_when_the_invocation_ends() {
    assert_snapshot!(run("checkpoint start WAIT w 5s | pause | suspend | status | resume | next | return 1"));
}

#[test]
fn a_pause_is_taken_back_before_it_takes_effect() {
    assert_snapshot!(run("pause | resume | status | checkpoint start STEP a | return 1"));
}

#[test]
fn an_invocation_that_ends_the_execution_leaves_nothing_to_pause() {
    assert_snapshot!(run("pause | return 1 | resume"));
}

#[test]
fn the_execution_timeout_is_put_off_by_as_long_as_it_was_paused() {
    let config = || ExecutionConfig { execution_timeout_seconds: 60, ..ExecutionConfig::default() };
    let begin = "checkpoint start CALLBACK c | suspend | sleep 10";
    assert_snapshot!(run_with(config(), &format!("{begin} | pause | status | sleep 100 | resume | status | next")));
    // Unless the pause is to leave it alone.
    assert_snapshot!(run_with(config(), &format!("{begin} | pause-only | status | sleep 100 | resume | status")));
}

#[test]
fn what_is_paused_or_closed_is_not_paused_again_and_what_runs_is_not_resumed() {
    assert_snapshot!(run("resume | checkpoint start WAIT w 5s | suspend | pause | pause | stop | pause"));
}
