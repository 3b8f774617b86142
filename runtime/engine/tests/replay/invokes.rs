use durabox_engine::replay::{Fault, Outcome, State};
use durabox_model::{ErrorObject, OperationAction as Action, OperationStatus as Status};
use insta::assert_snapshot;

use crate::support::*;

#[test]
fn a_new_invoke_asks_for_its_input_and_starts_with_it() {
    let mut replay = live(vec![]);
    let (handle, state) = replay.begin(1, invoke("payments:live"));
    assert_eq!(state, run(0), "the guest writes the input");
    assert_eq!(replay.sent(), []);
    replay.submit(handle, "42".into()).expect("a report");
    let update = replay.poll_checkpoint().expect("a start").updates.remove(0);
    assert_eq!((update.action, update.payload.as_deref()), (Action::Start, Some("42")));
    assert_eq!(update.chained_invoke_options.expect("options").function_name, "payments:live");
    assert_eq!(replay.poll(handle), Ok(State::Pending));
    assert_eq!(replay.told(invoke_record("1", Status::Succeeded)), [handle]);
    assert_eq!(replay.poll(handle), Ok(State::Settled(Outcome::Succeeded(Some("\"recorded\"".into())))));
}

#[test]
fn an_invoke_that_goes_on_is_waited_for_and_not_started_again() {
    let mut replay = live(vec![invoke_record("1", Status::Started)]);
    let (handle, state) = replay.begin(1, invoke("f"));
    assert_eq!(state, State::Pending);
    assert!(matches!(replay.submit(handle, "42".into()), Err(Fault::Contract(_))));
    assert_eq!(replay.sent(), []);
}

#[test]
fn an_invoke_that_ended_badly_answers_with_its_status() {
    for status in [Status::Failed, Status::TimedOut, Status::Stopped] {
        let mut replay = live(vec![invoke_record("1", status)]);
        let claimed = replay.ask(0, 1, "", invoke("f")).expect("a claim");
        let error = ErrorObject::new("E", "recorded failure");
        assert_eq!(claimed.settled, Some(Outcome::Failed { status, error, attempts: 0 }));
    }
}

#[test]
fn a_name_and_an_input_beyond_lambdas_are_faults_with_the_call_site() {
    let fault = live(vec![]).ask(0, 1, "pay", invoke("")).expect_err("a fault");
    assert_snapshot!(fault, @r#"CHAINED_INVOKE/ChainedInvoke "pay" at src/main.rs:11: a function's name takes 1 to 256 characters, got 0"#);
    let fault = live(vec![]).ask(0, 1, "pay", invoke("f:::x")).expect_err("a fault");
    assert_snapshot!(fault, @r#"CHAINED_INVOKE/ChainedInvoke "pay" at src/main.rs:11: a function is asked for by its name or its ARN, got "f:::x""#);
    let mut replay = live(vec![]);
    let (handle, _) = replay.begin(1, invoke("f"));
    let fault = replay.submit(handle, "x".repeat(1024 * 1024 + 1)).expect_err("a fault");
    assert_snapshot!(fault, @"CHAINED_INVOKE/ChainedInvoke at src/main.rs:11: its input takes at most 1048576 bytes (1 MiB), got 1048577");
}

#[test]
fn a_step_is_not_submitted() {
    let mut replay = live(vec![]);
    let (handle, _) = replay.begin(1, at_least_once());
    assert!(matches!(replay.submit(handle, "1".into()), Err(Fault::Contract(_))));
}
