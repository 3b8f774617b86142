use durabox_engine::replay::{Fault, Outcome, Request, RetryDecision, State, wire_id};
use durabox_model::{ErrorObject, OperationAction as Action, OperationStatus as Status};
use insta::assert_snapshot;

use crate::support::*;

#[test]
fn a_new_condition_is_checked_at_once_with_no_state() {
    let mut replay = live(vec![]);
    let (handle, state) = replay.begin(1, Request::Condition);
    assert_eq!(state, run(1));
    replay.succeed(handle, Some("100".into()), None).expect("a report");
    assert_eq!(replay.sent(), [(Action::Start, wire_id("1")), (Action::Succeed, wire_id("1"))]);
    assert_eq!(replay.told(condition("1", Status::Succeeded, 1, Some("100"))), [handle]);
    assert_eq!(replay.poll(handle), Ok(State::Acknowledged));
}

#[test]
fn a_condition_that_is_not_met_keeps_its_state_and_the_delay_to_the_next_check() {
    let mut replay = live(vec![]);
    let (handle, _) = replay.begin(1, Request::Condition);
    replay.retry(handle, "25".into(), RetryDecision::After(30), 0.0).expect("a report");
    let update = replay.poll_checkpoint().expect("updates").updates.pop().expect("a retry");
    assert_eq!((update.action, update.payload.as_deref(), update.error), (Action::Retry, Some("25"), None));
    assert_eq!(update.step_options.expect("options").next_attempt_delay_seconds, 30);
    assert_eq!(replay.told(condition("1", Status::Pending, 1, Some("25"))), [] as [u32; 0]);
    assert_eq!(replay.poll(handle), Ok(State::Pending), "the next check takes another invocation");
}

#[test]
fn the_next_check_carries_the_state_of_the_last_one() {
    let mut replay = live(vec![condition("1", Status::Ready, 3, Some("75"))]);
    let (_, state) = replay.begin(1, Request::Condition);
    assert_eq!(state, State::Run { attempt: 4, carried: Some("75".into()) });
    assert_eq!(replay.sent(), [(Action::Start, wire_id("1"))]);
}

#[test]
fn a_check_that_was_cut_off_runs_again_with_the_same_state_and_no_second_start() {
    let mut replay = live(vec![condition("1", Status::Started, 3, Some("75"))]);
    let (_, state) = replay.begin(1, Request::Condition);
    assert_eq!(state, State::Run { attempt: 4, carried: Some("75".into()) });
    assert_eq!(replay.sent(), []);
}

#[test]
fn a_condition_between_two_checks_is_waited_for() {
    let mut replay = live(vec![condition("1", Status::Pending, 1, Some("25"))]);
    assert_eq!(replay.begin(1, Request::Condition).1, State::Pending);
    assert_eq!(replay.sent(), []);
}

#[test]
fn a_condition_that_was_met_or_given_up_answers_without_a_check() {
    let mut replay =
        live(vec![condition("1", Status::Succeeded, 4, Some("100")), condition("2", Status::Failed, 2, None)]);
    let claimed = replay.ask(0, 1, "", Request::Condition).expect("a claim");
    assert_eq!(claimed.settled, Some(Outcome::Succeeded(Some("100".into()))));
    let claimed = replay.ask(0, 2, "", Request::Condition).expect("a claim");
    let error = ErrorObject::new("E", "recorded failure");
    assert_eq!(claimed.settled, Some(Outcome::Failed { status: Status::Failed, error, attempts: 2 }));
}

#[test]
fn a_check_that_fails_ends_the_condition_whatever_is_decided() {
    let mut replay = live(vec![]);
    let (handle, _) = replay.begin(1, Request::Condition);
    replay.fail(handle, ErrorObject::new("E", "no"), DEFAULT, 0.0).expect("a report");
    assert_eq!(replay.sent(), [(Action::Start, wire_id("1")), (Action::Fail, wire_id("1"))]);
}

#[test]
fn a_delay_and_a_state_beyond_lambdas_are_faults_with_the_call_site() {
    let mut replay = live(vec![]);
    let (handle, _) = replay.begin(1, Request::Condition);
    let fault = replay.retry(handle, "1".into(), RetryDecision::After(0), 0.0).expect_err("a fault");
    assert_snapshot!(fault, @"STEP/WaitForCondition at src/main.rs:11: its retry delay is out of bounds: a wait takes 1 to 31622400 seconds (366 days), got 0");
    let large = "x".repeat(1024 * 1024 + 1);
    let fault = replay.retry(handle, large, RetryDecision::After(1), 0.0).expect_err("a fault");
    assert_snapshot!(fault, @"STEP/WaitForCondition at src/main.rs:11: its state takes at most 1048576 bytes (1 MiB), got 1048577");
    assert!(matches!(replay.retry(handle, "1".into(), RetryDecision::Stop, 0.0), Err(Fault::Contract(_))));
}

#[test]
fn a_step_is_no_condition() {
    let mut replay = live(vec![]);
    let (handle, _) = replay.begin(1, at_least_once());
    assert!(matches!(replay.retry(handle, "1".into(), RetryDecision::After(1), 0.0), Err(Fault::Contract(_))));
    let mut replay = live(vec![step("1", Status::Succeeded, 1)]);
    let fault = replay.ask(0, 1, "", Request::Condition).expect_err("a divergence");
    assert!(
        fault.to_string().contains("recorded STEP/Step, but the handler asked for STEP/WaitForCondition"),
        "{fault}"
    );
}
