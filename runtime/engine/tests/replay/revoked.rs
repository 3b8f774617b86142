use durabox_engine::CheckpointOutput;
use durabox_engine::replay::State;

use crate::support::*;

#[test]
fn an_answer_without_a_token_takes_the_execution_back_from_the_invocation() {
    let mut replay = live(vec![]);
    let (step, state) = replay.begin(1, at_most_once());
    assert_eq!(state, State::Pending, "its START is to be durable first");
    replay.poll_checkpoint().expect("a start");
    assert!(!replay.is_revoked());
    replay.handle_checkpoint(CheckpointOutput::default()).expect("an answer");
    assert!(replay.is_revoked());
    assert_eq!(replay.poll(step), Ok(State::Pending), "the body does not run");
    replay.begin(2, at_least_once());
    assert_eq!(replay.sent(), [], "nothing more is told");
}

#[test]
fn the_checkpoint_that_closes_the_execution_has_no_token_to_answer_with() {
    let mut replay = live(vec![]);
    replay.finish(Ok(Some("x".repeat(6 * 1024 * 1024))));
    replay.poll_checkpoint().expect("the result");
    replay.handle_checkpoint(CheckpointOutput::default()).expect("an answer");
    assert!(!replay.is_revoked());
}
