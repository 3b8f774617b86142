use durabox_engine::replay::{Fault, Outcome, Recorded, State, wire_id};
use durabox_model::{OperationAction as Action, OperationStatus as Status};
use insta::assert_snapshot;

use crate::support::*;

#[test]
fn branches_are_counted_around_the_batch_and_belong_to_it() {
    let mut replay = live(vec![]);
    let (map, state) = replay.begin(1, map());
    assert_eq!(state, run(0));
    let first = replay.branch(map, 2, iteration()).expect("a claim").handle;
    assert_eq!(replay.poll(first), Ok(run(0)));
    let inner = replay.ask(first, 1, "", at_least_once()).expect("a claim").handle;
    replay.poll(inner).expect("a state");
    let updates = replay.poll_checkpoint().expect("starts").updates;
    let started: Vec<_> = updates.iter().map(|update| (update.id.clone(), update.parent_id.clone())).collect();
    assert_eq!(
        started,
        [(wire_id("1"), None), (wire_id("2"), Some(wire_id("1"))), (wire_id("2-1"), Some(wire_id("2"))),]
    );
}

#[test]
fn a_flat_branch_is_no_operation_and_what_runs_in_it_belongs_to_the_batch() {
    let mut replay = live(vec![]);
    let (map, _) = replay.begin(1, map());
    let branch = replay.branch(map, 2, flat_iteration()).expect("a claim").handle;
    assert_eq!(replay.poll(branch), Ok(run(0)));
    let inner = replay.ask(branch, 1, "", at_least_once()).expect("a claim").handle;
    replay.poll(inner).expect("a state");
    replay.succeed(inner, Some("1".into()), None).expect("a report");
    replay.succeed(branch, Some("1".into()), None).expect("a report");
    let updates = replay.poll_checkpoint().expect("updates").updates;
    let told: Vec<_> =
        updates.iter().map(|update| (update.action, update.id.clone(), update.parent_id.clone())).collect();
    assert_eq!(
        told,
        [
            (Action::Start, wire_id("1"), None),
            (Action::Start, wire_id("2-1"), Some(wire_id("1"))),
            (Action::Succeed, wire_id("2-1"), Some(wire_id("1"))),
        ]
    );
    assert_eq!(replay.poll(branch), Ok(State::Acknowledged), "its result waits for no checkpoint");
}

#[test]
fn a_branch_says_before_it_runs_how_far_it_came() {
    let mut replay = live(vec![
        batch_record("1", Status::Started, None),
        branch_record("2", "1", Status::Succeeded),
        branch_record("3", "1", Status::Started),
    ]);
    let (map, state) = replay.begin(1, map());
    assert_eq!(state, run(0), "a batch that goes on runs again");
    let mut claim = |index| replay.branch(map, index, iteration()).expect("a claim");
    let ended = claim(2);
    assert_eq!(ended.settled, Some(Outcome::Succeeded(Some("\"recorded\"".into()))));
    let (open, absent) = (claim(3), claim(4));
    assert_eq!([ended.recorded, open.recorded, absent.recorded], [Recorded::Ended, Recorded::Open, Recorded::Absent]);
    assert_eq!(replay.poll(open.handle), Ok(run(0)));
    assert_eq!(replay.sent(), [], "what was started is not started again");
}

#[test]
fn a_batch_that_has_ended_answers_from_its_record_and_its_branches_are_not_asked_for() {
    let mut replay =
        live(vec![batch_record("1", Status::Succeeded, Some(false)), branch_record("2", "1", Status::Succeeded)]);
    let claimed = replay.ask(0, 1, "", map()).expect("a claim");
    assert_eq!(claimed.settled, Some(Outcome::Succeeded(Some("\"recorded\"".into()))));
    assert_eq!(replay.check_claimed_whole(), Ok(()));
    // The positions that its branches took are left out: the next operation is the third.
    assert_eq!(replay.ask(0, 3, "", at_least_once()).expect("a claim").recorded, Recorded::Absent);
}

#[test]
fn a_batch_with_a_large_result_carries_its_decision_and_rebuilds_the_rest_from_its_branches() {
    let mut replay =
        live(vec![batch_record("1", Status::Succeeded, Some(true)), branch_record("2", "1", Status::Succeeded)]);
    let claimed = replay.ask(0, 1, "", map()).expect("a claim");
    assert_eq!((claimed.recorded, claimed.settled), (Recorded::Ended, None));
    assert_eq!(replay.poll(claimed.handle), Ok(State::Run { attempt: 0, carried: Some("\"recorded\"".into()) }));
    let branch = replay.branch(claimed.handle, 2, iteration()).expect("a claim");
    assert!(matches!(branch.settled, Some(Outcome::Succeeded(_))));
    replay.succeed(claimed.handle, Some("large".into()), Some("\"decision\"".into())).expect("a report");
    assert_eq!(replay.poll(claimed.handle), Ok(State::Acknowledged));
    assert_eq!(replay.sent(), [], "the record stays as it is");
}

#[test]
fn a_large_result_is_recorded_as_the_decision_alone() {
    let mut replay = live(vec![]);
    let (map, _) = replay.begin(1, map());
    replay.succeed(map, Some("x".repeat(256 * 1024 + 1)), Some("\"decision\"".into())).expect("a report");
    let update = replay.poll_checkpoint().expect("updates").updates.pop().expect("a success");
    assert_eq!(update.payload.as_deref(), Some("\"decision\""));
    assert!(update.context_options.expect("options").replay_children);
}

#[test]
fn what_a_branch_reports_after_its_batch_has_ended_is_not_told() {
    let mut replay = live(vec![]);
    let (map, _) = replay.begin(1, map());
    let branch = replay.branch(map, 2, iteration()).expect("a claim").handle;
    replay.poll(branch).expect("a state");
    let wait = replay.ask(branch, 1, "", wait(60)).expect("a claim").handle;
    replay.poll(wait).expect("a state");
    replay.succeed(map, Some("[]".into()), None).expect("a report");
    replay.succeed(branch, Some("1".into()), None).expect("a report");
    assert_eq!(
        replay.sent(),
        [
            (Action::Start, wire_id("1")),
            (Action::Start, wire_id("2")),
            (Action::Start, wire_id("2-1")),
            (Action::Succeed, wire_id("1")),
        ]
    );
}

#[test]
fn a_branch_of_a_batch_that_has_ended_is_a_fault_with_both_call_sites() {
    let mut replay = live(vec![]);
    let (map, _) = replay.begin(1, map());
    replay.succeed(map, Some("[]".into()), None).expect("a report");
    let fault = replay.branch(map, 2, iteration()).expect_err("a fault");
    assert!(matches!(fault, Fault::ContextEnded { .. }));
    assert_snapshot!(fault, @"CONTEXT/MapIteration at src/main.rs:12 was used on CONTEXT/Map at src/main.rs:11, which has ended");
}

#[test]
fn a_branch_keeps_its_own_time() {
    let mut slow = step("3-1", Status::Succeeded, 1);
    slow.end_timestamp = Some(START.plus_seconds(60));
    let mut replay = live(vec![
        batch_record("1", Status::Started, None),
        branch_record("2", "1", Status::Started),
        branch_record("3", "1", Status::Started),
        step("2-1", Status::Succeeded, 1),
        slow,
    ]);
    let (map, _) = replay.begin(1, map());
    for (index, seconds) in [(3, 60), (2, 7)] {
        let branch = replay.branch(map, index, iteration()).expect("a claim").handle;
        replay.poll(branch).expect("runs");
        replay.enter(branch).expect("a scope");
        replay.ask(branch, 1, "", at_least_once()).expect("a claim");
        assert_eq!(replay.now(), START.plus_seconds(seconds), "branch {index}");
    }
    replay.enter(0).expect("a scope");
    assert_eq!(replay.now(), START, "the handler has learnt nothing yet");
}
