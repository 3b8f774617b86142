use durabox_engine::replay::{Fault, Outcome, State, wire_id};
use durabox_model::{OperationAction as Action, OperationStatus as Status};

use crate::support::*;

#[test]
fn operations_of_a_child_context_have_its_path_and_its_id_as_parent() {
    let mut replay = live(vec![]);
    let (context, state) = replay.begin(1, child());
    assert_eq!(state, run(0));
    let claimed = replay.ask(context, 1, "", at_least_once()).expect("a claim");
    replay.poll(claimed.handle).expect("a state");
    let request = replay.poll_checkpoint().expect("two starts");
    assert_eq!(request.updates[0].id, wire_id("1"));
    assert_eq!(request.updates[1].id, wire_id("1-1"));
    assert_eq!(request.updates[1].parent_id.as_deref(), Some(wire_id("1").as_str()));
}

#[test]
fn a_large_result_is_not_recorded_but_rebuilt_by_its_children() {
    let mut replay = live(vec![]);
    let (context, _) = replay.begin(1, child());
    replay.succeed(context, Some("x".repeat(256 * 1024 + 1)), Some(String::new())).expect("a report");
    let request = replay.poll_checkpoint().expect("updates");
    let update = request.updates.last().expect("a success");
    assert_eq!(update.payload.as_deref(), Some(""));
    assert!(update.context_options.as_ref().expect("options").replay_children);

    let mut replay = live(vec![context_record(true), step("1-1", Status::Succeeded, 1)]);
    let (context, state) = replay.begin(1, child());
    assert_eq!(state, State::Run { attempt: 0, carried: Some("\"recorded\"".into()) }, "the body runs again");
    let inner = replay.ask(context, 1, "", at_least_once()).expect("a claim");
    assert!(matches!(inner.settled, Some(Outcome::Succeeded(_))), "its step does not");
    replay.succeed(context, Some("large".into()), Some(String::new())).expect("a report");
    assert_eq!(replay.take_ready(), [context]);
    assert_eq!(replay.poll(context), Ok(State::Acknowledged));
    assert_eq!(replay.sent(), []);
}

fn context_record(replay_children: bool) -> durabox_model::Operation {
    context("1", Status::Succeeded, replay_children)
}

#[test]
fn a_completed_context_hides_its_children() {
    let mut replay = live(vec![context_record(false), step("1-1", Status::Succeeded, 1)]);
    let claimed = replay.ask(0, 1, "", child()).expect("a claim");
    assert_eq!(claimed.settled, Some(Outcome::Succeeded(Some("\"recorded\"".into()))));
    assert_eq!(replay.check_claimed_whole(), Ok(()));
}

#[test]
fn what_runs_on_after_its_context_has_ended_is_not_told() {
    let mut replay = live(vec![]);
    let (context, _) = replay.begin(1, child());
    let orphan = replay.ask(context, 1, "", at_least_once()).expect("a claim").handle;
    replay.poll(orphan).expect("a state");
    replay.succeed(context, None, None).expect("a report");
    replay.succeed(orphan, None, None).expect("a report");
    assert_eq!(
        replay.sent(),
        [(Action::Start, wire_id("1")), (Action::Start, wire_id("1-1")), (Action::Succeed, wire_id("1"))]
    );
    assert!(matches!(replay.ask(context, 2, "", wait(1)), Err(Fault::ContextEnded { .. })));
}
