use durabox_engine::service::{Effect, Execution, ExecutionConfig};
use durabox_engine::{CheckpointRequest, history};
use durabox_model::{ContextOptions, Operation, OperationStatus, OperationUpdate, sub_type};

use crate::script::{START, callback_id, execution, update};

/// An execution that has checkpointed `updates`, one batch to each.
fn checkpointed(updates: Vec<OperationUpdate>) -> Execution {
    let mut execution = execution(ExecutionConfig::default());
    let Some(Effect::Invoke { input, .. }) = execution.poll_effect(START) else { panic!("no invocation") };
    let mut token = input.checkpoint_token;
    for update in updates {
        let request = CheckpointRequest { token, updates: vec![update] };
        token = execution.checkpoint(request, START).expect("a legal update").token.expect("an open execution");
    }
    execution
}

fn folded(execution: &Execution, id: &str) -> Operation {
    let operations = history::operations(execution.events(), "e1");
    operations.into_iter().find(|operation| operation.id == id).expect("a recorded operation")
}

fn of(text: &str, sub_type: &str) -> OperationUpdate {
    OperationUpdate { sub_type: Some(sub_type.into()), ..update(text) }
}

/// Returns the context `c` as folded, and as the service kept it.
fn replays(updates: Vec<OperationUpdate>) -> (bool, bool) {
    let execution = checkpointed(updates);
    let kept = execution.operations().iter().find(|operation| operation.id == "c").expect("a context");
    (folded(&execution, "c").replays_children(), kept.replays_children())
}

fn rebuilt(update: OperationUpdate) -> OperationUpdate {
    OperationUpdate { context_options: Some(ContextOptions { replay_children: true }), ..update }
}

#[test]
fn a_poll_of_a_wait_for_condition_is_a_pending_step_with_a_state() {
    let execution = checkpointed(vec![update("start STEP p"), update("continue STEP p 5s 42")]);
    let step = folded(&execution, "p");
    let details = step.step_details.expect("a step");
    assert_eq!(step.status, OperationStatus::Pending);
    assert_eq!((details.attempt, details.result.as_deref()), (1, Some("42")));
    assert_eq!(details.next_attempt_timestamp, Some(START.plus_seconds(5)));
    assert_eq!(step.end_timestamp, None);
}

#[test]
fn a_callback_keeps_its_id_whether_it_is_open_or_has_ended() {
    let mut execution = checkpointed(vec![update("start CALLBACK c 10s"), update("start CALLBACK d")]);
    let id = callback_id(&execution, "c");
    execution.handle_timeout(START.plus_seconds(10));
    let ended = folded(&execution, "c");
    assert_eq!(ended.status, OperationStatus::TimedOut);
    assert_eq!(ended.error().and_then(|error| error.error_type.as_deref()), Some("Callback.Timeout"));
    assert_eq!(ended.callback_details.and_then(|details| details.callback_id), Some(id));
    assert_eq!(folded(&execution, "d"), *execution.operations()[2]);
}

#[test]
fn a_context_with_an_empty_result_and_children_replays_them() {
    let with_child = |close| replays(vec![update("start CONTEXT c"), update("succeed STEP s 1 in c"), close]);
    assert_eq!(with_child(rebuilt(update("succeed CONTEXT c"))), (true, true));
    assert_eq!(with_child(update("succeed CONTEXT c 1")), (false, false));
    assert_eq!(with_child(update("fail CONTEXT c")), (false, false));
    assert_eq!(replays(vec![update("start CONTEXT c"), update("succeed CONTEXT c")]), (false, false));
}

#[test]
fn a_batch_whose_result_is_shorter_than_its_branches_replays_them() {
    let batch = |branch: &str, close| {
        replays(vec![
            of("start CONTEXT c", sub_type::MAP),
            of("start CONTEXT b in c", sub_type::MAP_ITERATION),
            of(branch, sub_type::MAP_ITERATION),
            close,
        ])
    };
    let summary = "{\"totalCount\":1}";
    let large = format!("succeed CONTEXT b {}", "7".repeat(100));
    assert_eq!(batch(&large, rebuilt(update(&format!("succeed CONTEXT c {summary}")))), (true, true));
    let whole = format!("succeed CONTEXT c [{}]", "7".repeat(100));
    assert_eq!(batch(&large, update(&whole)), (false, false));
    assert_eq!(batch("succeed CONTEXT b 7", update(&format!("succeed CONTEXT c {summary}"))), (false, false));
}

#[test]
fn a_batch_with_a_branch_that_replays_its_children_replays_its_branches() {
    let updates = vec![
        of("start CONTEXT c", sub_type::PARALLEL),
        of("start CONTEXT b in c", sub_type::PARALLEL_BRANCH),
        update("succeed STEP s 1 in b"),
        rebuilt(update("succeed CONTEXT b")),
        rebuilt(update("succeed CONTEXT c {\"totalCount\":1}")),
    ];
    assert_eq!(replays(updates), (true, true));
}

#[test]
fn what_a_flat_batch_or_a_child_context_holds_says_nothing_of_its_result() {
    let large = format!("succeed STEP s {} in c", "7".repeat(100));
    for sub_type in [sub_type::MAP, sub_type::RUN_IN_CHILD_CONTEXT] {
        let updates = vec![of("start CONTEXT c", sub_type), update(&large), update("succeed CONTEXT c 7")];
        assert_eq!(replays(updates), (false, false), "{sub_type}");
    }
}
