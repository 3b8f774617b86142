//! A record, and short words for what a guest does with it.

use std::sync::Arc;

use durabox_engine::CheckpointOutput;
use durabox_engine::replay::{
    CallSite, Claim, Claimed, Fault, Jitter, Mode, Replay, Request, RetryDecision, RetryStrategy, State, StepSemantics,
    wire_id,
};
use durabox_model::{
    CallbackDetails, CallbackOptions, ChainedInvokeDetails, ChainedInvokeOptions, ContextDetails, ErrorObject,
    Operation, OperationAction, OperationStatus, OperationType, SmolStr, StepDetails, Timestamp, sub_type,
};

pub const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);
pub const DEFAULT: RetryDecision = RetryDecision::ByStrategy(RetryStrategy {
    max_attempts: 6,
    initial_delay_seconds: 5.0,
    max_delay_seconds: 60.0,
    backoff_rate: 2.0,
    jitter: Jitter::None,
});

pub fn at_least_once() -> Request {
    Request::Step(StepSemantics::AtLeastOncePerRetry)
}

pub fn at_most_once() -> Request {
    Request::Step(StepSemantics::AtMostOncePerRetry)
}

pub fn child() -> Request {
    Request::Context { sub_type: sub_type::RUN_IN_CHILD_CONTEXT.into() }
}

pub fn wait(seconds: u64) -> Request {
    Request::Wait { seconds }
}

pub fn callback() -> Request {
    Request::Callback(CallbackOptions::default())
}

pub fn invoke(function: &str) -> Request {
    Request::Invoke(ChainedInvokeOptions { function_name: function.into(), ..ChainedInvokeOptions::default() }.into())
}

pub fn map() -> Request {
    Request::Context { sub_type: sub_type::MAP.into() }
}

pub fn iteration() -> Request {
    Request::Context { sub_type: sub_type::MAP_ITERATION.into() }
}

pub fn flat_iteration() -> Request {
    Request::VirtualContext { sub_type: sub_type::MAP_ITERATION.into() }
}

/// A body that must run, from scratch.
pub fn run(attempt: u32) -> State {
    State::Run { attempt, carried: None }
}

/// An operation as the service would keep it.
pub fn record(path: &str, operation_type: OperationType, status: OperationStatus) -> Operation {
    let mut operation = Operation::started(wire_id(path), operation_type, START);
    operation.status = status;
    operation.parent_id = path.rsplit_once('-').map(|(parent, _)| wire_id(parent));
    let kind = match operation_type {
        OperationType::Step => sub_type::STEP,
        OperationType::Wait => sub_type::WAIT,
        OperationType::Callback => sub_type::CALLBACK,
        OperationType::ChainedInvoke => sub_type::CHAINED_INVOKE,
        _ => sub_type::RUN_IN_CHILD_CONTEXT,
    };
    operation.sub_type = Some(kind.into());
    if status.is_terminal() {
        operation.end_timestamp = Some(START.plus_seconds(7));
    }
    operation
}

pub fn step(path: &str, status: OperationStatus, attempt: u32) -> Operation {
    let mut operation = record(path, OperationType::Step, status);
    let (result, error) = ended(status);
    operation.step_details = Some(StepDetails { attempt, result, error, next_attempt_timestamp: None });
    operation
}

/// A condition with the state of its last check.
pub fn condition(path: &str, status: OperationStatus, attempt: u32, state: Option<&str>) -> Operation {
    let mut operation = step(path, status, attempt);
    operation.sub_type = Some(sub_type::WAIT_FOR_CONDITION.into());
    if let Some(details) = &mut operation.step_details {
        details.result = state.map(str::to_owned);
    }
    operation
}

/// A callback, whose id names its path.
pub fn callback_record(path: &str, status: OperationStatus) -> Operation {
    let mut operation = record(path, OperationType::Callback, status);
    let (result, error) = ended(status);
    let callback_id = Some(format!("id of {path}"));
    operation.callback_details = Some(CallbackDetails { callback_id, result, error }.into());
    operation
}

pub fn invoke_record(path: &str, status: OperationStatus) -> Operation {
    let mut operation = record(path, OperationType::ChainedInvoke, status);
    let (result, error) = ended(status);
    operation.chained_invoke_details = Some(ChainedInvokeDetails { result, error }.into());
    operation
}

/// A map, and whether its result is left to its iterations.
pub fn batch_record(path: &str, status: OperationStatus, replay_children: Option<bool>) -> Operation {
    let mut operation = record(path, OperationType::Context, status);
    operation.sub_type = Some(sub_type::MAP.into());
    operation.context_details = replay_children.map(|replay_children| {
        let (result, error) = ended(status);
        ContextDetails { replay_children, result, error }
    });
    operation
}

/// An iteration of the map at `batch`.
pub fn branch_record(path: &str, batch: &str, status: OperationStatus) -> Operation {
    let mut operation = context(path, status, false);
    operation.sub_type = Some(sub_type::MAP_ITERATION.into());
    operation.parent_id = Some(wire_id(batch));
    operation
}

/// What is recorded of an operation with this status.
fn ended(status: OperationStatus) -> (Option<String>, Option<Box<ErrorObject>>) {
    match status {
        OperationStatus::Succeeded => (Some("\"recorded\"".to_owned()), None),
        status if status.is_terminal() => (None, Some(ErrorObject::new("E", "recorded failure").into())),
        _ => (None, None),
    }
}

pub fn context(path: &str, status: OperationStatus, replay_children: bool) -> Operation {
    let mut operation = record(path, OperationType::Context, status);
    operation.context_details =
        Some(ContextDetails { replay_children, result: Some("\"recorded\"".into()), error: None });
    operation
}

pub fn replay(operations: Vec<Operation>, mode: Mode) -> Replay {
    let execution = Operation::started("e1", OperationType::Execution, START);
    let all = std::iter::once(execution).chain(operations).map(Arc::new).collect();
    Replay::new("token-1".into(), all, mode)
}

pub fn live(operations: Vec<Operation>) -> Replay {
    replay(operations, Mode::Live)
}

pub trait Guest {
    fn ask(&mut self, context: u32, index: u32, name: &str, request: Request) -> Result<Claimed, Fault>;
    fn branch(&mut self, batch: u32, index: u32, request: Request) -> Result<Claimed, Fault>;
    fn begin(&mut self, index: u32, request: Request) -> (u32, State);
    fn sent(&mut self) -> Vec<(OperationAction, SmolStr)>;
    fn told(&mut self, operation: Operation) -> Vec<u32>;
    /// Sends a checkpoint that is answered with nothing new; returns how many updates it had.
    fn batch(&mut self) -> usize;
}

impl Guest for Replay {
    fn ask(&mut self, context: u32, index: u32, name: &str, request: Request) -> Result<Claimed, Fault> {
        let name = (!name.is_empty()).then(|| name.into());
        self.claim(Claim { context, index, batch: None, name, request, site: site(index) })
    }

    fn branch(&mut self, batch: u32, index: u32, request: Request) -> Result<Claimed, Fault> {
        self.claim(Claim { context: 0, index, batch: Some(batch), name: None, request, site: site(index) })
    }

    fn begin(&mut self, index: u32, request: Request) -> (u32, State) {
        let claimed = self.ask(0, index, "", request).expect("a claim");
        assert_eq!(claimed.settled, None);
        (claimed.handle, self.poll(claimed.handle).expect("a state"))
    }

    fn sent(&mut self) -> Vec<(OperationAction, SmolStr)> {
        let updates = self.poll_checkpoint().map(|request| request.updates).unwrap_or_default();
        updates.into_iter().map(|update| (update.action, update.id)).collect()
    }

    fn told(&mut self, operation: Operation) -> Vec<u32> {
        let output =
            CheckpointOutput { token: Some("next".into()), operations: vec![Arc::new(operation)], next_marker: None };
        self.handle_checkpoint(output).expect("an answer");
        self.take_ready()
    }

    fn batch(&mut self) -> usize {
        let updates = self.sent().len();
        if updates > 0 {
            let output = CheckpointOutput { token: Some("next".into()), operations: Vec::new(), next_marker: None };
            self.handle_checkpoint(output).expect("an answer");
        }
        updates
    }
}

fn site(index: u32) -> CallSite {
    CallSite { file: "src/main.rs".into(), line: 10 + index, column: 5 }
}
