use durabox_engine::replay::{Fault, Outcome, RetryDecision, State, wire_id};
use durabox_model::{ErrorObject, OperationAction as Action, OperationStatus as Status};

use crate::support::*;

#[test]
fn a_new_step_runs_at_once_and_its_start_and_success_go_in_one_checkpoint() {
    let mut replay = live(vec![]);
    let (handle, state) = replay.begin(1, at_least_once());
    assert_eq!(state, run(1));
    replay.succeed(handle, Some("1".into()), None).expect("a report");
    assert_eq!(replay.poll(handle), Ok(State::Pending), "not durable yet");
    assert_eq!(replay.sent(), [(Action::Start, wire_id("1")), (Action::Succeed, wire_id("1"))]);
    assert_eq!(replay.told(step("1", Status::Succeeded, 1)), [handle]);
    assert_eq!(replay.poll(handle), Ok(State::Acknowledged));
}

#[test]
fn an_at_most_once_step_runs_only_when_its_start_is_durable() {
    let mut replay = live(vec![]);
    let (handle, state) = replay.begin(1, at_most_once());
    assert_eq!(state, State::Pending);
    assert_eq!(replay.sent(), [(Action::Start, wire_id("1"))]);
    assert_eq!(replay.told(step("1", Status::Started, 0)), [handle]);
    assert_eq!(replay.poll(handle), Ok(run(1)));
}

#[test]
fn a_recorded_step_answers_without_running() {
    let mut replay = live(vec![step("1", Status::Succeeded, 1), step("2", Status::Failed, 3)]);
    let claimed = replay.ask(0, 1, "", at_least_once()).expect("a claim");
    assert_eq!(claimed.settled, Some(Outcome::Succeeded(Some("\"recorded\"".into()))));
    let claimed = replay.ask(0, 2, "", at_least_once()).expect("a claim");
    let error = ErrorObject::new("E", "recorded failure");
    assert_eq!(claimed.settled, Some(Outcome::Failed { status: Status::Failed, error, attempts: 3 }));
    assert_eq!(replay.sent(), []);
}

#[test]
fn a_step_cut_off_runs_again_without_a_second_start() {
    let mut replay = live(vec![step("1", Status::Started, 2)]);
    let (_, state) = replay.begin(1, at_least_once());
    assert_eq!(state, run(3));
    assert_eq!(replay.sent(), []);
}

#[test]
fn an_at_most_once_step_cut_off_counts_as_interrupted() {
    let mut replay = live(vec![step("1", Status::Started, 0)]);
    let (handle, state) = replay.begin(1, at_most_once());
    assert_eq!(state, State::Interrupted(1));
    replay.fail(handle, ErrorObject::new("StepInterruptedError", "cut off"), DEFAULT, 0.0).expect("a report");
    assert_eq!(replay.sent(), [(Action::Retry, wire_id("1"))]);
}

#[test]
fn a_failed_attempt_is_retried_by_the_strategy_until_it_is_exhausted() {
    for (finished, action) in [(0, Action::Retry), (4, Action::Retry), (5, Action::Fail)] {
        let mut replay = live(vec![step("1", Status::Ready, finished)]);
        let (handle, state) = replay.begin(1, at_least_once());
        assert_eq!(state, run(finished + 1));
        replay.fail(handle, ErrorObject::new("E", "again"), DEFAULT, 0.0).expect("a report");
        let sent = replay.sent();
        assert_eq!(sent, [(Action::Start, wire_id("1")), (action, wire_id("1"))]);
    }
}

#[test]
fn a_retry_that_falls_due_in_this_invocation_is_left_to_the_next() {
    let mut replay = live(vec![]);
    let (handle, _) = replay.begin(1, at_least_once());
    replay.fail(handle, ErrorObject::new("E", "once"), RetryDecision::After(3), 0.0).expect("a report");
    replay.sent();
    assert_eq!(replay.told(step("1", Status::Pending, 1)), [] as [u32; 0]);
    assert_eq!(replay.told(step("1", Status::Ready, 1)), [] as [u32; 0]);
    assert_eq!(replay.poll(handle), Ok(State::Pending));
    assert_eq!(replay.sent(), []);
}

#[test]
fn a_retry_delay_and_a_result_have_limits_that_name_the_call_site() {
    let mut replay = live(vec![]);
    let (handle, _) = replay.begin(1, at_least_once());
    let fault = replay.fail(handle, ErrorObject::default(), RetryDecision::After(0), 0.0).expect_err("too short");
    assert!(fault.to_string().contains("got 0") && fault.to_string().contains("src/main.rs:11"), "{fault}");
    let fault = replay.succeed(handle, Some("x".repeat(1024 * 1024 + 1)), None).expect_err("too large");
    assert!(matches!(&fault, Fault::InvalidOperation { problem, .. } if problem.contains("got 1048577")), "{fault}");
}

#[test]
fn a_batch_takes_at_most_250_updates_and_750_kib() {
    let mut replay = live(vec![]);
    for index in 1..=200 {
        let (handle, _) = replay.begin(index, at_least_once());
        replay.succeed(handle, Some("1".into()), None).expect("a report");
    }
    assert_eq!([replay.batch(), replay.batch(), replay.batch()], [250, 150, 0]);
    for index in 201..=204 {
        let (handle, _) = replay.begin(index, at_least_once());
        replay.succeed(handle, Some("x".repeat(400 * 1024)), None).expect("a report");
    }
    let sizes: Vec<usize> = std::iter::from_fn(|| Some(replay.batch()).filter(|count| *count > 0)).collect();
    assert_eq!(sizes, [3, 2, 2, 1], "each batch has one large payload");
}

#[test]
fn nothing_is_sent_while_a_checkpoint_is_under_way() {
    let mut replay = live(vec![]);
    for index in 1..=2 {
        replay.begin(index, at_least_once());
    }
    assert_eq!(replay.sent().len(), 2);
    let (handle, _) = replay.begin(3, at_least_once());
    replay.succeed(handle, Some("1".into()), None).expect("a report");
    assert_eq!(replay.sent(), [], "its token is out");
    replay.told(step("1", Status::Started, 1));
    assert_eq!(replay.sent().len(), 2, "the answer has brought the next");
}
