use durabox_engine::CheckpointRequest;
use durabox_engine::service::{CheckpointError, Effect, ExecutionConfig, InvocationEnd};
use durabox_model::InvocationOutput;

use crate::script::{START, execution, update};

#[test]
fn the_state_is_handed_out_page_by_page_in_start_order() {
    let mut execution = execution(ExecutionConfig { page_size: 1, ..ExecutionConfig::default() });
    let Some(Effect::Invoke { input, .. }) = execution.poll_effect(START) else { panic!("no invocation") };
    let updates = ["succeed STEP a 1", "succeed STEP b 2", "start WAIT w 1s"].map(update).into();
    let output = execution.checkpoint(CheckpointRequest { token: input.checkpoint_token, updates }, START).expect("ok");
    assert_eq!(output.operations.len(), 1, "a delta is paged as well");
    assert!(output.next_marker.is_some());
    execution.complete_invocation(InvocationEnd::Answered(InvocationOutput::pending()), START);
    let now = START.plus_seconds(1);
    execution.handle_timeout(now);
    let Some(Effect::Invoke { input, .. }) = execution.poll_effect(now) else { panic!("no invocation") };
    assert_eq!(input.operations.len(), 1);

    let mut ids = vec![input.operations[0].id.clone()];
    let mut marker = input.next_marker;
    while let Some(from) = marker {
        let page = execution.state(&input.checkpoint_token, Some(&from), 0).expect("a page");
        assert!(page.operations.len() <= 1);
        ids.extend(page.operations.iter().map(|operation| operation.id.clone()));
        marker = page.next_marker;
    }
    assert_eq!(ids, ["e1", "a", "b", "w"]);
    assert_eq!(execution.state("stale", None, 0), Err(CheckpointError::InvalidToken));
    assert_eq!(execution.state(&input.checkpoint_token, Some("x"), 0), Err(CheckpointError::InvalidMarker));
}

#[test]
fn children_of_a_completed_context_are_left_out_unless_they_rebuild_its_result() {
    let mut execution = execution(ExecutionConfig::default());
    let Some(Effect::Invoke { input, .. }) = execution.poll_effect(START) else { panic!("no invocation") };
    let mut rebuilt = update("succeed CONTEXT large");
    rebuilt.context_options = Some(durabox_model::ContextOptions { replay_children: true });
    let updates = vec![
        update("start CONTEXT small"),
        update("start CONTEXT inner in small"),
        update("succeed STEP s1 1 in inner"),
        update("succeed CONTEXT small 1"),
        update("start CONTEXT large"),
        update("succeed STEP s2 1 in large"),
        rebuilt,
    ];
    let output = execution.checkpoint(CheckpointRequest { token: input.checkpoint_token, updates }, START).expect("ok");
    let page = execution.state(&output.token.expect("a token"), None, 0).expect("a page");
    let ids: Vec<_> = page.operations.iter().map(|operation| operation.id.as_str()).collect();
    assert_eq!(ids, ["e1", "small", "large", "s2"]);
}

#[test]
fn what_moved_and_was_told_only_as_a_page_earns_no_invocation() {
    let invoked_again = |fetches_pages: bool| {
        let mut execution = execution(ExecutionConfig { page_size: 1, ..ExecutionConfig::default() });
        let Some(Effect::Invoke { input, .. }) = execution.poll_effect(START) else { panic!("no invocation") };
        let updates = ["start STEP s", "start WAIT a 1s", "start WAIT b 1s", "start WAIT last 9s"].map(update).into();
        let request = CheckpointRequest { token: input.checkpoint_token, updates };
        let token = execution.checkpoint(request, START).expect("ok").token.expect("a token");
        let now = START.plus_seconds(2);
        let request = CheckpointRequest { token, updates: vec![update("succeed STEP s 1")] };
        let output = execution.checkpoint(request, now).expect("ok");
        let token = output.token.expect("a token");
        let mut marker = output.next_marker.filter(|_| fetches_pages);
        while let Some(from) = marker {
            marker = execution.state(&token, Some(&from), 0).expect("a page").next_marker;
        }
        execution.complete_invocation(InvocationEnd::Answered(InvocationOutput::pending()), now);
        execution.poll_effect(now).is_some()
    };
    assert!(!invoked_again(true));
    assert!(invoked_again(false));
}
