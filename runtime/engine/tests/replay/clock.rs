use durabox_engine::replay::State;
use durabox_model::{OperationStatus as Status, OperationType};

use crate::support::*;

#[test]
fn handler_time_is_the_latest_end_that_its_context_has_seen() {
    let mut replay = live(vec![step("1", Status::Succeeded, 1)]);
    assert_eq!(replay.now(), START);
    replay.ask(0, 1, "", at_least_once()).expect("a claim");
    assert_eq!(replay.now(), START.plus_seconds(7));
}

#[test]
fn an_outcome_moves_the_clock_when_the_handler_learns_it_and_not_before() {
    let mut replay = live(vec![]);
    let (handle, _) = replay.begin(1, wait(7));
    replay.sent();
    replay.told(record("1", OperationType::Wait, Status::Succeeded));
    assert_eq!(replay.now(), START);
    assert!(matches!(replay.poll(handle), Ok(State::Settled(_))));
    assert_eq!(replay.now(), START.plus_seconds(7));
}

#[test]
fn a_context_is_replaying_while_its_next_operation_is_recorded() {
    let mut replay = live(vec![step("1", Status::Succeeded, 1)]);
    assert!(replay.is_replaying(0));
    replay.ask(0, 1, "", at_least_once()).expect("a claim");
    assert!(!replay.is_replaying(0));
}
