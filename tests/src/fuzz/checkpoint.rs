use std::collections::HashMap;
use std::sync::Arc;

use durabox::runtime::engine::CheckpointRequest;
use durabox::runtime::engine::service::{
    CallbackError, ChainedInvokeEnd, Effect, Execution, ExecutionConfig, InvocationEnd, StartExecution,
};
use durabox::runtime::model::{
    CallbackOptions, ChainedInvokeOptions, ContextOptions, ErrorObject, Event, EventDetails, ExecutionStatus,
    InvocationOutput, MAX_PAYLOAD_SIZE, Operation, OperationAction, OperationType, OperationUpdate, SmolStr,
    StepOptions, Timestamp, WaitOptions,
};

use super::Draw;

const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// Few, so that they meet; the execution's own, and some that are none.
const IDS: [&str; 12] = ["a", "b", "c", "d", "a", "b", "c", "d", "a", "e1", "", "no id!"];

/// Around the bounds of waits, retries and callbacks.
const SECONDS: [u64; 10] = [1, 2, 40, 86_400, 31_622_400, 0, 31_622_401, 99_999_999, 100_000_000, u64::MAX];

/// Acts on one execution, at most: its whole history is looked at after each.
const MOST_ACTS: usize = 64;

/// Does to an execution what the bytes say: JSON arrays of updates, one after the other, or else drawn acts.
///
/// # Panics
///
/// When a rejected checkpoint changes anything, an operation that has ended changes, or events are not dense, in
/// order and final.
pub fn checkpoint(data: &[u8]) {
    let mut driven = Driven::start();
    if data.first() == Some(&b'[') {
        let batches = serde_json::Deserializer::from_slice(data).into_iter::<Vec<OperationUpdate>>();
        for updates in batches.map_while(Result::ok).take(MOST_ACTS) {
            driven.follow_effects();
            driven.checkpoint(driven.token.clone(), updates);
            driven.check();
        }
        return;
    }
    let mut draw = Draw(data);
    for _ in 0..MOST_ACTS {
        if draw.is_used_up() {
            break;
        }
        driven.follow_effects();
        driven.act(&mut draw);
        driven.check();
    }
}

/// An execution, and what was seen of it.
struct Driven {
    execution: Execution,
    now: Timestamp,
    /// Of the invocation that runs.
    token: String,
    events: Vec<Event>,
    /// Operations that have ended, by id.
    ended: HashMap<SmolStr, Arc<Operation>>,
    closed: bool,
}

impl Driven {
    fn start() -> Self {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/n/e1".to_owned();
        let config = ExecutionConfig { execution_timeout_seconds: 100_000, ..ExecutionConfig::default() };
        let execution = Execution::start(StartExecution { arn, input: Some("1".into()), config }, START);
        let (token, events, ended) = (String::new(), Vec::new(), HashMap::new());
        Self { execution, now: START, token, events, ended, closed: false }
    }

    fn follow_effects(&mut self) {
        while let Some(effect) = self.execution.poll_effect(self.now) {
            assert!(!self.closed, "nothing follows the end: {effect:?}");
            match effect {
                Effect::Invoke { input, .. } => self.token = input.checkpoint_token,
                Effect::Closed => self.closed = true,
            }
        }
    }

    fn act(&mut self, draw: &mut Draw<'_>) {
        let now = self.now;
        match draw.byte() % 16 {
            0..=6 => {
                let updates = (0..draw.byte() % 5).map(|_| update(draw)).collect();
                self.checkpoint(self.token.clone(), updates);
            }
            7 => self.execution.complete_invocation(InvocationEnd::Answered(InvocationOutput::pending()), now),
            8 => self.execution.complete_invocation(InvocationEnd::Crashed(error()), now),
            9 => {
                let output = InvocationOutput::succeeded(Some("1".into()));
                self.execution.complete_invocation(InvocationEnd::Answered(output), now);
            }
            10 => self.now = now.plus_seconds(draw.of(&[1, 2, 40, 86_400, 31_622_400])),
            11 => {
                if let Some(deadline) = self.execution.poll_timeout() {
                    self.now = now.max(deadline);
                    self.execution.handle_timeout(self.now);
                }
            }
            12 => self.answer_callback(draw),
            13 => {
                let end = match draw.byte() % 4 {
                    0 => ChainedInvokeEnd::Succeeded(Some("1".into())),
                    1 => ChainedInvokeEnd::Failed(error()),
                    2 => ChainedInvokeEnd::TimedOut(error()),
                    _ => ChainedInvokeEnd::Stopped(error()),
                };
                self.execution.complete_chained_invoke(draw.of(&IDS), end, now);
            }
            14 => {
                let reason = Some("because".to_owned());
                // What is not running is not paused, and what is not paused is not resumed.
                let _ = match draw.once_in(2) {
                    true => self.execution.resume(reason, now),
                    false => self.execution.pause(reason, true, now),
                };
            }
            _ if draw.once_in(8) => self.execution.stop(Some(error()), now),
            _ => self.checkpoint("stale".into(), Vec::new()),
        }
    }

    /// Answers a callback, which is accepted while it is open and refused from then on.
    fn answer_callback(&mut self, draw: &mut Draw<'_>) {
        let (operation_id, now) = (draw.of(&IDS), self.now);
        let details = self.execution.operation(operation_id).and_then(|operation| operation.callback_details.as_ref());
        let callback_id = details.and_then(|details| details.callback_id.clone()).unwrap_or_default();
        let is_open = |execution: &Execution| execution.open_callbacks().any(|operation| operation.id == operation_id);
        let was_open = is_open(&self.execution);
        let answered: Result<(), CallbackError> = match draw.byte() % 3 {
            0 => self.execution.succeed_callback(&callback_id, Some("1".into()), now),
            1 => self.execution.fail_callback(&callback_id, error(), now),
            _ => self.execution.heartbeat_callback(&callback_id, now),
        };
        match answered {
            Ok(()) => assert!(was_open, "{operation_id} took an answer and was not open"),
            Err(refused) => assert!(!is_open(&self.execution), "{operation_id} is open: {refused}"),
        }
    }

    fn checkpoint(&mut self, token: String, updates: Vec<OperationUpdate>) {
        // Timers that are due fire first whatever the batch holds; none are, after this.
        self.execution.handle_timeout(self.now);
        let before = format!("{:?}", self.execution);
        match self.execution.checkpoint(CheckpointRequest { token, updates }, self.now) {
            Ok(output) => {
                let is_running = self.execution.status() == ExecutionStatus::Running;
                assert_eq!(output.token.is_some(), is_running, "a token as long as it runs");
                self.token = output.token.unwrap_or_default();
            }
            Err(refused) => {
                assert!(
                    format!("{:?}", self.execution) == before,
                    "changed by a checkpoint that was refused: {refused}"
                );
            }
        }
    }

    fn check(&mut self) {
        let events = self.execution.events();
        assert!(events.starts_with(&self.events), "events are only appended");
        for (index, event) in events.iter().enumerate() {
            assert_eq!(event.event_id, index as u64 + 1, "ids are dense");
        }
        assert!(events.is_sorted_by_key(|event| event.event_timestamp), "times never go back");
        if let Some(position) = events.iter().position(is_closing) {
            assert_eq!(position, events.len() - 1, "nothing follows the closing event");
        }
        self.events = events.to_vec();
        for operation in self.execution.operations() {
            if let Some(known) = self.ended.get(&operation.id) {
                assert_eq!(known, operation, "what has ended never changes");
            } else if operation.status.is_terminal() {
                assert!(operation.end_timestamp.is_some(), "an end has its time");
                self.ended.insert(operation.id.clone(), Arc::clone(operation));
            }
        }
        if self.execution.status().is_terminal() {
            assert_eq!(self.execution.poll_timeout(), None, "what has closed waits for nothing");
        }
    }
}

fn is_closing(event: &Event) -> bool {
    matches!(
        event.details,
        EventDetails::ExecutionSucceeded(_)
            | EventDetails::ExecutionFailed(_)
            | EventDetails::ExecutionTimedOut(_)
            | EventDetails::ExecutionStopped(_)
    )
}

fn error() -> ErrorObject {
    ErrorObject::new("E", "e")
}

fn update(draw: &mut Draw<'_>) -> OperationUpdate {
    use {OperationAction as A, OperationType as T};
    let kind = draw.of(&[T::Step, T::Step, T::Wait, T::Context, T::Callback, T::ChainedInvoke, T::Execution]);
    let action = draw.of(&[A::Start, A::Start, A::Succeed, A::Fail, A::Retry, A::Cancel]);
    let mut update = OperationUpdate::new(draw.of(&IDS), kind, action);
    let text = |text: &str| Some(SmolStr::new(text));
    update.parent_id = if draw.once_in(4) { text(draw.of(&IDS)) } else { None };
    update.payload = match draw.byte() % 32 {
        0..=15 => None,
        31 => Some("x".repeat(MAX_PAYLOAD_SIZE + 1)),
        30 => Some(String::new()),
        _ => Some("1".to_owned()),
    };
    update.error = draw.once_in(4).then(|| Box::new(error()));
    if draw.once_in(8) {
        update.name = text(draw.of(&["n", "", "\u{e9}", "a\nb"]));
        update.sub_type = text(draw.of(&["Step", "", "a b", "a-word-that-is-longer-than-32-bytes"]));
    }
    // A member that does not belong to the type is left alone, one that is missing is asked for.
    let options = draw.byte();
    let mut seconds = || draw.of(&SECONDS);
    update.step_options = (options & 1 == 0).then(|| StepOptions { next_attempt_delay_seconds: seconds() });
    update.wait_options = (options & 2 == 0).then(|| WaitOptions { wait_seconds: seconds() });
    update.callback_options = (options & 4 == 0)
        .then(|| CallbackOptions { timeout_seconds: seconds(), heartbeat_timeout_seconds: seconds() });
    update.context_options = (options & 8 == 0).then_some(ContextOptions { replay_children: options & 16 == 0 });
    update.chained_invoke_options = (options & 32 == 0).then(|| {
        let function_name = if options & 64 == 0 { "f".into() } else { String::new() };
        Box::new(ChainedInvokeOptions { function_name, ..ChainedInvokeOptions::default() })
    });
    update
}
