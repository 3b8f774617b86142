use durabox_engine::replay::{Divergence, Fault, Mode, State};
use durabox_model::OperationStatus as Status;

use crate::support::*;

#[test]
fn nothing_follows_a_record_that_is_complete() {
    let mut replay = replay(vec![], Mode::Recorded { complete: true });
    let claimed = replay.ask(0, 1, "new", at_least_once()).expect("a claim alone starts nothing");
    let fault = replay.poll(claimed.handle).expect_err("a start does");
    assert!(matches!(&fault, Fault::Divergence(divergence) if matches!(**divergence, Divergence::Unrecorded { .. })));
}

#[test]
fn an_open_record_may_go_on_but_runs_no_step() {
    let mut replay = replay(vec![step("1", Status::Started, 0)], Mode::Recorded { complete: false });
    assert_eq!(replay.begin(1, at_least_once()).1, State::Pending);
    assert_eq!(replay.begin(2, at_least_once()).1, State::Pending);
    assert_eq!(replay.sent(), []);
    assert!(matches!(replay.stalled(), Some(Divergence::Stalled { claimed }) if claimed.path == "2"));
}

#[test]
fn an_open_context_is_entered_to_compare_what_is_inside() {
    let mut replay = replay(vec![context("1", Status::Started, false)], Mode::Recorded { complete: true });
    assert_eq!(replay.begin(1, child()).1, run(0));
}
