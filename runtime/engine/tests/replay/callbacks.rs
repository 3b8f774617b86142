use durabox_engine::replay::{Outcome, Recorded, Request, State, wire_id};
use durabox_model::{CallbackOptions, ErrorObject, OperationAction as Action, OperationStatus as Status};
use insta::assert_snapshot;

use crate::support::*;

#[test]
fn a_new_callback_tells_its_id_once_its_start_is_durable_and_then_its_result() {
    let mut replay = live(vec![]);
    let (handle, state) = replay.begin(1, callback());
    assert_eq!(state, State::Pending);
    assert_eq!(replay.sent(), [(Action::Start, wire_id("1"))]);
    assert_eq!(replay.told(callback_record("1", Status::Started)), [handle]);
    assert_eq!(replay.poll(handle), Ok(State::Opened("id of 1".into())));
    assert_eq!(replay.poll(handle), Ok(State::Pending), "nobody has answered");
    assert_eq!(replay.told(callback_record("1", Status::Succeeded)), [handle]);
    assert_eq!(replay.poll(handle), Ok(State::Settled(Outcome::Succeeded(Some("\"recorded\"".into())))));
    assert_eq!(replay.sent(), []);
}

#[test]
fn a_recorded_callback_tells_its_id_before_its_end_and_is_not_started_again() {
    for (status, recorded) in [(Status::Started, Recorded::Open), (Status::Succeeded, Recorded::Ended)] {
        let mut replay = live(vec![callback_record("1", status)]);
        let claimed = replay.ask(0, 1, "", callback()).expect("a claim");
        assert_eq!((claimed.recorded, claimed.settled), (recorded, None));
        assert_eq!(replay.poll(claimed.handle), Ok(State::Opened("id of 1".into())));
        let ended = matches!(replay.poll(claimed.handle), Ok(State::Settled(Outcome::Succeeded(_))));
        assert_eq!(ended, status == Status::Succeeded);
        assert_eq!(replay.sent(), []);
    }
}

#[test]
fn a_callback_that_nobody_answered_in_time_ends_as_the_service_says() {
    let mut replay = live(vec![callback_record("1", Status::TimedOut)]);
    let (handle, _) = replay.begin(1, callback());
    let error = ErrorObject::new("E", "recorded failure");
    let outcome = Outcome::Failed { status: Status::TimedOut, error, attempts: 0 };
    assert_eq!(replay.poll(handle), Ok(State::Settled(outcome)));
}

#[test]
fn the_end_of_a_callback_moves_the_clock_when_the_handler_learns_it_and_its_id_does_not() {
    let mut replay = live(vec![callback_record("1", Status::Succeeded)]);
    let (handle, _) = replay.begin(1, callback());
    assert_eq!(replay.now(), START);
    replay.poll(handle).expect("its end");
    assert_eq!(replay.now(), START.plus_seconds(7));
}

#[test]
fn timeouts_go_with_the_start_and_none_is_sent_as_nothing() {
    let timeouts = |timeout_seconds, heartbeat_timeout_seconds| {
        let mut replay = live(vec![]);
        replay.begin(1, Request::Callback(CallbackOptions { timeout_seconds, heartbeat_timeout_seconds }));
        replay.poll_checkpoint().expect("a start").updates.remove(0).callback_options
    };
    assert_eq!(timeouts(0, 0), None);
    let options = timeouts(60, 0).expect("options");
    assert_eq!((options.timeout_seconds, options.heartbeat_timeout_seconds), (60, 0));
}

#[test]
fn a_timeout_beyond_lambdas_is_a_fault_with_the_call_site() {
    let options = CallbackOptions { timeout_seconds: 0, heartbeat_timeout_seconds: 100_000_000 };
    let fault = live(vec![]).ask(0, 1, "approval", Request::Callback(options)).expect_err("a fault");
    assert_snapshot!(fault, @r#"CALLBACK/Callback "approval" at src/main.rs:11: a callback's heartbeat timeout takes at most 99999999 seconds, got 100000000"#);
}

#[test]
fn a_wait_for_callback_counts_its_callback_and_its_submitter_inside_it() {
    let mut replay = live(vec![]);
    let around = Request::Context { sub_type: "WaitForCallback".into() };
    let (context, _) = replay.begin(1, around);
    let callback = replay.ask(context, 1, "", callback()).expect("a claim").handle;
    replay.poll(callback).expect("a state");
    assert_eq!(replay.sent(), [(Action::Start, wire_id("1")), (Action::Start, wire_id("1-1"))]);
    replay.told(callback_record("1-1", Status::Started));
    assert_eq!(replay.poll(callback), Ok(State::Opened("id of 1-1".into())));
    let submitter = replay.ask(context, 2, "", at_least_once()).expect("a claim").handle;
    assert_eq!(replay.poll(submitter), Ok(run(1)));
    replay.succeed(submitter, None, None).expect("a report");
    assert_eq!(replay.sent(), [(Action::Start, wire_id("1-2")), (Action::Succeed, wire_id("1-2"))]);
}
