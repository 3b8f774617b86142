use durabox_engine::replay::{Divergence, Fault, wire_id};
use durabox_model::{OperationAction as Action, OperationStatus as Status, OperationType};
use insta::assert_snapshot;

use crate::support::*;

#[test]
fn an_operation_of_another_kind_than_recorded_is_a_divergence_with_both_sides() {
    let mut wait_record = record("1", OperationType::Wait, Status::Succeeded);
    wait_record.name = Some("cool-down".into());
    let mut replay = live(vec![wait_record]);
    let fault = replay.ask(0, 1, "charge", at_least_once()).expect_err("a divergence");
    assert_eq!(fault.error_object().error_type.as_deref(), Some("NonDeterministicExecutionError"));
    assert_snapshot!(fault, @r#"Non-deterministic execution detected: recorded WAIT/Wait "cool-down", but the handler asked for STEP/Step "charge" at src/main.rs:11 (operation 1, id 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b)"#);
}

#[test]
fn a_name_is_compared_with_its_absence_included() {
    let named = |name: &str| {
        let mut operation = step("1", Status::Succeeded, 1);
        operation.name = (!name.is_empty()).then(|| name.into());
        operation
    };
    for (recorded, asked, same) in
        [("a", "a", true), ("", "", true), ("a", "b", false), ("a", "", false), ("", "a", false)]
    {
        let result = live(vec![named(recorded)]).ask(0, 1, asked, at_least_once());
        assert_eq!(result.is_ok(), same, "recorded {recorded:?}, asked {asked:?}");
    }
}

#[test]
fn names_and_waits_that_lambda_would_reject_are_faults_with_the_call_site() {
    let mut faults = Vec::new();
    for (name, request) in
        [("déjà", at_least_once()), (&*"n".repeat(257), at_least_once()), ("", wait(0)), ("", wait(31_622_401))]
    {
        faults.push(live(vec![]).ask(0, 1, name, request).expect_err("a fault").to_string());
    }
    faults[1] = faults[1].replace(&"n".repeat(257), "n…");
    assert_snapshot!(faults.join("\n"), @r#"
    STEP/Step "déjà" at src/main.rs:11: a name takes printable ASCII only, got 'é' in "déjà"
    STEP/Step "n…" at src/main.rs:11: a name takes 1 to 256 characters, got 257
    WAIT/Wait at src/main.rs:11: a wait takes 1 to 31622400 seconds (366 days), got 0
    WAIT/Wait at src/main.rs:11: a wait takes 1 to 31622400 seconds (366 days), got 31622401
    "#);
}

#[test]
fn a_claim_starts_nothing() {
    let mut replay = live(vec![]);
    replay.ask(0, 1, "", wait(5)).expect("a claim");
    assert_eq!(replay.sent(), []);
    replay.poll(1).expect("a state");
    assert_eq!(replay.sent(), [(Action::Start, wire_id("1"))]);
}

#[test]
fn an_operation_inside_a_step_body_is_a_fault_with_both_call_sites() {
    let mut replay = live(vec![]);
    let (handle, _) = replay.begin(1, at_least_once());
    replay.enter(handle).expect("a scope");
    let fault = replay.ask(0, 2, "inner", wait(1)).expect_err("a fault");
    assert_snapshot!(fault, @r#"WAIT/Wait "inner" at src/main.rs:12 was used inside the body of STEP/Step at src/main.rs:11, which may not use durable operations"#);
}

#[test]
fn calls_that_no_correct_sdk_makes_are_faults_and_never_panics() {
    let mut replay = live(vec![]);
    assert!(matches!(replay.poll(9), Err(Fault::Contract(_))));
    assert!(matches!(replay.succeed(9, None, None), Err(Fault::Contract(_))));
    assert!(matches!(replay.succeed(0, None, None), Err(Fault::Contract(_))));
    assert!(matches!(replay.enter(9), Err(Fault::Contract(_))));
    assert!(matches!(replay.ask(9, 1, "", wait(1)), Err(Fault::Contract(_))));
    replay.begin(1, at_least_once());
    assert!(matches!(replay.ask(1, 1, "", wait(1)), Err(Fault::Contract(_))), "a step is not a context");
    assert!(matches!(replay.ask(0, 1, "", at_least_once()), Err(Fault::Contract(_))), "claimed twice");
    replay.abandon(9);
}

#[test]
fn recorded_operations_that_were_not_asked_for_are_found_at_the_end() {
    let mut replay = live(vec![step("1", Status::Succeeded, 1), step("2", Status::Succeeded, 1)]);
    replay.ask(0, 1, "", at_least_once()).expect("a claim");
    let Err(Divergence::Unclaimed { recorded }) = replay.check_claimed_whole() else { panic!("not found") };
    assert_eq!(recorded.iter().map(|operation| operation.id.clone()).collect::<Vec<_>>(), [wire_id("2")]);
}
