use durabox_engine::CheckpointRequest;
use durabox_engine::service::{CheckpointError, Effect, Execution, ExecutionConfig};
use durabox_model::OperationUpdate;
use insta::assert_snapshot;

use crate::script::{START, execution, run, update};

fn invoked() -> (Execution, String) {
    let mut execution = execution(ExecutionConfig::default());
    let Some(Effect::Invoke { input, .. }) = execution.poll_effect(START) else { panic!("no invocation") };
    (execution, input.checkpoint_token)
}

fn check(updates: Vec<OperationUpdate>) -> Result<(), CheckpointError> {
    let (mut execution, token) = invoked();
    let before = format!("{execution:?}");
    let result = execution.checkpoint(CheckpointRequest { token, updates }, START).map(drop);
    if result.is_err() {
        assert_eq!(format!("{execution:?}"), before, "a rejected batch changes nothing");
    }
    result
}

#[test]
fn one_bad_update_rejects_the_whole_batch_and_keeps_the_token() {
    assert_snapshot!(run(
        "checkpoint start STEP a, start WAIT w 0s | checkpoint start STEP a, succeed STEP a 1 | return 1"
    ));
}

#[test]
fn a_token_is_good_for_one_checkpoint() {
    let (mut execution, token) = invoked();
    let request = CheckpointRequest { token, updates: vec![] };
    execution.checkpoint(request.clone(), START).expect("the first");
    assert_eq!(execution.checkpoint(request, START), Err(CheckpointError::InvalidToken));
}

#[test]
fn a_repeated_request_is_answered_as_the_first_time() {
    let (mut execution, token) = invoked();
    let request = CheckpointRequest { token, updates: vec![update("start STEP a")] };
    let first = execution.checkpoint_once(request.clone(), Some("t1".into()), START).expect("the first");
    let again = execution.checkpoint_once(request.clone(), Some("t1".into()), START).expect("the same");
    assert_eq!(first, again);
    assert_eq!(execution.checkpoint_once(request, Some("t2".into()), START), Err(CheckpointError::InvalidToken));
}

#[test]
fn an_id_stands_once_in_a_batch_unless_it_starts_and_ends() {
    assert_eq!(check(vec![update("start STEP a"), update("succeed STEP a 1")]), Ok(()));
    assert_eq!(check(vec![update("start STEP a"), update("retry STEP a 1s")]), Ok(()));
    assert_eq!(check(vec![update("start WAIT a 1s"), update("cancel WAIT a")]), Err(CheckpointError::DuplicateId));
    assert_eq!(check(vec![update("succeed STEP a 1"), update("fail STEP a")]), Err(CheckpointError::DuplicateId));
    let thrice = ["start STEP a", "succeed STEP a 1", "succeed STEP a 1"];
    assert_eq!(check(thrice.map(update).into()), Err(CheckpointError::DuplicateId));
}

#[test]
fn a_parent_is_a_context_that_exists_or_starts_earlier_in_the_batch() {
    assert_eq!(check(vec![update("start CONTEXT c"), update("start STEP a in c")]), Ok(()));
    assert_eq!(check(vec![update("start STEP a in c")]), Err(CheckpointError::InvalidParent));
    assert_eq!(check(vec![update("start STEP s"), update("start STEP a in s")]), Err(CheckpointError::InvalidParent));
}

#[test]
fn an_operation_keeps_its_type_name_sub_type_and_parent() {
    let (mut execution, token) = invoked();
    let first = ["start CONTEXT c", "start STEP a name=one in c"].map(update).into();
    let mut token = execution.checkpoint(CheckpointRequest { token, updates: first }, START).expect("a start").token;
    let mut reject = |text: &str| {
        let request = CheckpointRequest { token: token.clone().expect("a token"), updates: vec![update(text)] };
        execution.checkpoint(request, START).map(|output| token = output.token).expect_err(text)
    };
    assert_eq!(reject("succeed CONTEXT a"), CheckpointError::InconsistentType);
    assert_eq!(reject("succeed STEP a name=two"), CheckpointError::InconsistentName);
    assert_eq!(reject("succeed STEP c"), CheckpointError::InconsistentType);
}

#[test]
fn an_execution_update_is_the_last_and_the_only_one() {
    assert_eq!(check(vec![update("start STEP a"), update("succeed EXECUTION x 1")]), Ok(()));
    let early = ["succeed EXECUTION x 1", "start STEP a"];
    assert_eq!(check(early.map(update).into()), Err(CheckpointError::ExecutionUpdateNotLast));
    let twice = ["succeed EXECUTION x 1", "succeed EXECUTION y 1"];
    assert_eq!(check(twice.map(update).into()), Err(CheckpointError::MultipleExecutionUpdates));
}

#[test]
fn an_execution_checkpoint_closes_and_the_answer_after_it_does_not_count() {
    assert_snapshot!(run("checkpoint succeed EXECUTION r big | return small"));
}

#[test]
fn shapes_are_checked_with_the_limit_and_the_value() {
    let with = |change: fn(&mut OperationUpdate)| {
        let mut update = update("succeed STEP a");
        change(&mut update);
        check(vec![update]).expect_err("a bad shape").to_string()
    };
    let texts = [
        with(|update| update.id = "a b".into()),
        with(|update| update.id = "x".repeat(65).into()),
        with(|update| update.name = Some("déjà vu".into())),
        with(|update| update.name = Some("".into())),
        with(|update| update.sub_type = Some("a/b".into())),
    ];
    assert_snapshot!(texts.join("\n"));
    let mut large = update("succeed STEP a");
    large.payload = Some("x".repeat(1024 * 1024 + 1));
    assert_eq!(check(vec![large]), Err(CheckpointError::PayloadTooLarge("STEP", 1024 * 1024 + 1)));
    let many = (0..251).map(|n| update(&format!("start STEP s{n}"))).collect();
    assert_eq!(check(many), Err(CheckpointError::TooManyUpdates(251)));
}

#[test]
fn a_type_takes_its_own_actions_only() {
    assert_eq!(check(vec![update("cancel STEP a")]), Err(CheckpointError::InvalidStepAction));
    assert_eq!(check(vec![update("succeed WAIT a")]), Err(CheckpointError::InvalidWaitAction));
    assert_eq!(check(vec![update("retry CONTEXT a 1s")]), Err(CheckpointError::InvalidAction));
    assert_eq!(check(vec![update("cancel WAIT a")]), Err(CheckpointError::WaitNotCancellable));
    assert_eq!(check(vec![update("start EXECUTION a")]), Err(CheckpointError::InvalidAction));
}
