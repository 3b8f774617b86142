//! A record, and short words for what a guest does with it.

use std::sync::Arc;

use durabox_engine::CheckpointOutput;
use durabox_engine::replay::{
    CallSite, Claim, Claimed, Fault, Jitter, Mode, Replay, Request, RetryDecision, RetryStrategy, State, StepSemantics,
    wire_id,
};
use durabox_model::{
    ContextDetails, ErrorObject, Operation, OperationAction, OperationStatus, OperationType, StepDetails, Timestamp,
    sub_type,
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
    let failed = status == OperationStatus::Failed;
    operation.step_details = Some(StepDetails {
        attempt,
        result: (status == OperationStatus::Succeeded).then(|| "\"recorded\"".to_owned()),
        error: failed.then(|| ErrorObject::new("E", "recorded failure")),
        next_attempt_timestamp: None,
    });
    operation
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
    fn begin(&mut self, index: u32, request: Request) -> (u32, State);
    fn sent(&mut self) -> Vec<(OperationAction, String)>;
    fn told(&mut self, operation: Operation) -> Vec<u32>;
}

impl Guest for Replay {
    fn ask(&mut self, context: u32, index: u32, name: &str, request: Request) -> Result<Claimed, Fault> {
        let site = CallSite { file: "src/main.rs".into(), line: 10 + index, column: 5 };
        let name = (!name.is_empty()).then(|| name.to_owned());
        self.claim(Claim { context, index, batch: None, name, request, site })
    }

    fn begin(&mut self, index: u32, request: Request) -> (u32, State) {
        let claimed = self.ask(0, index, "", request).expect("a claim");
        assert_eq!(claimed.settled, None);
        (claimed.handle, self.poll(claimed.handle).expect("a state"))
    }

    fn sent(&mut self) -> Vec<(OperationAction, String)> {
        let updates = self.poll_checkpoint().map(|request| request.updates).unwrap_or_default();
        updates.into_iter().map(|update| (update.action, update.id)).collect()
    }

    fn told(&mut self, operation: Operation) -> Vec<u32> {
        let output =
            CheckpointOutput { token: Some("next".into()), operations: vec![Arc::new(operation)], next_marker: None };
        self.handle_checkpoint(output).expect("an answer");
        self.take_ready()
    }
}
