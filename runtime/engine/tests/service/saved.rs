use insta::assert_snapshot;

use crate::script::run;

/// Runs `script`, once as it is and once kept and taken up again before each command.
fn check(script: &str) -> String {
    let once = run(script);
    let reloaded = script.replace('|', "| reload |");
    assert_eq!(run(&reloaded), once, "{script}");
    once
}

#[test]
fn an_execution_that_is_taken_up_again_goes_on_as_if_it_never_ended() {
    for script in [
        "checkpoint start WAIT w 5s | suspend | next | return 1",
        "checkpoint start STEP a, retry STEP a 3s | suspend | next | checkpoint start STEP a | crash | return 2",
        "checkpoint start CALLBACK c 60s heartbeat=10 | suspend | sleep 5 | heartbeat c | sleep 10 | next | return 1",
        "checkpoint start CALLBACK c 60s | suspend | sleep 1 | succeed-callback c 7 | return 1",
        "checkpoint start CHAINED_INVOKE i function=f | suspend | sleep 1 | complete i 7 | return 1",
        "checkpoint start WAIT w 60s | suspend | pause | sleep 5 | resume | next | return 1",
        "crash | crash | crash | crash",
        "suspend | suspend | suspend",
    ] {
        check(script);
    }
}

#[test]
fn a_lost_host_is_no_crash_of_the_function() {
    assert_snapshot!(run(
        "interrupt | interrupt | interrupt | interrupt | interrupt | checkpoint start STEP a, succeed STEP a 1 | return 1"
    ));
}

#[test]
fn the_token_of_a_lost_invocation_is_void() {
    assert_snapshot!(run("reload | interrupt | checkpoint start STEP a | return 1"));
}
