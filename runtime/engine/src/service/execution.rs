use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use durabox_model::{
    ErrorObject, Event, EventDetails, EventPayload, ExecutionDetails, ExecutionStatus, InvocationInput,
    InvocationOutput, Operation, OperationType, SmolStr, Timestamp, details,
};
use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use super::callback::OpenCallback;
use super::timer::Timers;
use super::token::Tokens;
use super::{ChainedInvoke, Metering, Pause, operation};
use crate::CheckpointOutput;

/// What an execution is started with.
#[derive(Clone, Debug)]
pub struct StartExecution {
    /// Its ARN; the last `/`-segment becomes the id of the EXECUTION operation.
    pub arn: String,
    /// The input event, JSON text.
    pub input: Option<String>,
    /// Limits and page sizes.
    pub config: ExecutionConfig,
}

/// Settings of one execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionConfig {
    /// Seconds until the execution times out, 1 to 31,622,400.
    pub execution_timeout_seconds: u64,
    /// Operations handed out at once; more are paged. `usize::MAX` for all.
    pub page_size: usize,
    /// How often in a row a crashed invocation is retried before the execution fails.
    /// Lambda's documentation for SDK authors speaks of 3 immediate retries.
    pub max_crash_retries: u32,
    /// Operations that the execution may be metered for, see [`Metering`]; Lambda's limit is 3,000.
    pub max_operations: u64,
    /// Bytes that the execution may persist, see [`Metering`]; Lambda's limit is 100 MB.
    pub max_bytes: u64,
    /// Largest result, bytes. Lambda's limit is 6 MiB, and 1 MiB for what a chained invoke starts, whose
    /// result becomes an operation's.
    #[serde(default = "default_result_size")]
    pub max_result_bytes: usize,
}

/// Returns the limit of what was kept before there was one.
const fn default_result_size() -> usize {
    durabox_model::MAX_RESULT_SIZE
}

impl Default for ExecutionConfig {
    fn default() -> Self {
        Self {
            execution_timeout_seconds: durabox_model::MAX_EXECUTION_TIMEOUT_SECONDS,
            page_size: usize::MAX,
            max_crash_retries: 3,
            max_operations: durabox_model::MAX_OPERATIONS,
            max_bytes: durabox_model::MAX_PERSISTED_BYTES,
            max_result_bytes: default_result_size(),
        }
    }
}

/// What the driver must do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Invoke the function, and answer with [`Execution::complete_invocation`].
    Invoke {
        /// The Lambda request id to use.
        request_id: String,
        /// The event.
        input: InvocationInput,
    },
    /// The execution has closed. Comes once.
    Closed,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum InvocationEnd {
    /// The function answered.
    Answered(InvocationOutput),
    /// It did not: crash, timeout, thrown error.
    Crashed(ErrorObject),
}

/// One durable execution, as Lambda keeps it.
#[derive(Clone, Debug)]
pub struct Execution {
    pub(super) arn: String,
    pub(super) config: ExecutionConfig,
    pub(super) status: ExecutionStatus,
    pub(super) result: Option<String>,
    pub(super) error: Option<ErrorObject>,
    pub(super) end: Option<Timestamp>,
    /// When the execution times out; an earlier timer of it no longer applies.
    pub(super) deadline: Timestamp,
    /// While PAUSING or PAUSED.
    pub(super) pause: Option<Pause>,
    /// In the order in which they started; the EXECUTION operation is the first.
    pub(super) operations: Vec<Arc<Operation>>,
    pub(super) index: HashMap<SmolStr, usize, RandomState>,
    pub(super) events: Vec<Event>,
    pub(super) timers: Timers,
    /// Callbacks that nobody has answered yet, by index.
    pub(super) callbacks: BTreeMap<usize, OpenCallback>,
    /// Chained invokes that the driver has not taken yet.
    pub(super) chained_invokes: Vec<ChainedInvoke>,
    /// Where the event of each chained invoke's start stands, by the operation's index.
    pub(super) invoke_events: HashMap<usize, usize>,
    /// How many operations a suspended function waits for.
    pub(super) pending: usize,
    pub(super) metering: Metering,
    pub(super) tokens: Tokens,
    /// The last checkpoint that carried a client token, to answer its repetition.
    pub(super) last_checkpoint: Option<AnsweredCheckpoint>,
    pub(super) invocation: Option<RunningInvocation>,
    pub(super) invocation_count: u64,
    /// Operations changed since the function was last told, by index.
    pub(super) unseen: Vec<usize>,
    /// Operations moved from outside the function since its last invocation began, and not told to it
    /// meanwhile.
    pub(super) updated: Vec<usize>,
    /// Operations changed since [`Execution::take_changes`], by index.
    pub(super) dirty: Vec<usize>,
    /// Whether something happened that the function must be invoked for.
    pub(super) wake: bool,
    pub(super) crashes: u32,
    pub(super) empty_suspensions: u32,
    /// Whether `Effect::Closed` is still to be given.
    pub(super) announce_close: bool,
}

#[derive(Clone, Debug)]
pub(super) struct AnsweredCheckpoint {
    pub(super) client_token: String,
    pub(super) inbound_token: String,
    pub(super) output: CheckpointOutput,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RunningInvocation {
    pub(super) request_id: String,
    pub(super) start: Timestamp,
    /// Whether a pause has cut it short: what it answers does not count, it is made again.
    #[serde(default)]
    pub(super) is_revoked: bool,
}

impl Execution {
    /// Starts an execution; its first effect invokes the function.
    pub fn start(start: StartExecution, now: Timestamp) -> Self {
        let id = start.arn.rsplit('/').next().unwrap_or(&start.arn);
        let deadline = now.plus_seconds(start.config.execution_timeout_seconds);
        let mut operation = Operation::started(id, OperationType::Execution, now);
        operation.execution_details = Some(Box::new(ExecutionDetails { input_payload: start.input.clone() }));
        let mut execution = Self {
            tokens: Tokens::new(&start.arn),
            arn: start.arn,
            status: ExecutionStatus::Running,
            result: None,
            error: None,
            end: None,
            deadline,
            pause: None,
            index: HashMap::from_iter([(operation.id.clone(), 0)]),
            operations: vec![Arc::new(operation)],
            events: Vec::new(),
            timers: Timers::default(),
            callbacks: BTreeMap::new(),
            chained_invokes: Vec::new(),
            invoke_events: HashMap::new(),
            pending: 0,
            metering: Metering::of_data(start.input.as_deref(), None).plus(Metering { operations: 1, bytes: 0 }),
            last_checkpoint: None,
            invocation: None,
            invocation_count: 0,
            unseen: Vec::new(),
            updated: Vec::new(),
            dirty: vec![0],
            wake: true,
            crashes: 0,
            empty_suspensions: 0,
            announce_close: false,
            config: start.config,
        };
        let timeout = execution.config.execution_timeout_seconds;
        execution.timers.arm(deadline, 0);
        execution.record_execution(
            details::ExecutionStarted { input: EventPayload::new(start.input), execution_timeout: timeout },
            now,
        );
        execution
    }

    /// Returns the ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Returns where the execution stands.
    pub const fn status(&self) -> ExecutionStatus {
        self.status
    }

    /// Returns the result, JSON text, of an execution that succeeded.
    pub fn result(&self) -> Option<&str> {
        self.result.as_deref()
    }

    /// Returns the error of an execution that did not succeed.
    pub const fn error(&self) -> Option<&ErrorObject> {
        self.error.as_ref()
    }

    /// Returns when the execution started.
    pub fn start_timestamp(&self) -> Timestamp {
        self.operations[0].start_timestamp
    }

    /// Returns when the execution closed.
    pub const fn end_timestamp(&self) -> Option<Timestamp> {
        self.end
    }

    /// Returns when the execution times out, pauses so far included.
    pub const fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// Returns the limits that it was started with.
    pub const fn config(&self) -> &ExecutionConfig {
        &self.config
    }

    /// Returns every operation in the order in which they started, the EXECUTION operation first.
    pub fn operations(&self) -> &[Arc<Operation>] {
        &self.operations
    }

    /// Returns the operation with this id.
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.index.get(id).map(|index| &*self.operations[*index])
    }

    /// Returns the history, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Returns how many invocations have begun.
    pub const fn invocation_count(&self) -> u64 {
        self.invocation_count
    }

    /// Returns the input event, JSON text.
    pub fn input(&self) -> Option<&str> {
        self.operations[0].execution_details.as_ref()?.input_payload.as_deref()
    }

    /// Returns when [`Execution::handle_timeout`] next has work.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    /// Appends an event of the execution itself.
    pub(super) fn record_execution(&mut self, details: impl Into<EventDetails>, now: Timestamp) {
        let event = self.event(details.into(), now);
        self.events.push(event);
    }

    /// Appends an event of the operation at `index`.
    pub(super) fn record(&mut self, index: usize, details: EventDetails, now: Timestamp) {
        let operation = &self.operations[index];
        let mut event = self.event(details, now);
        event.id = Some(operation.id.clone());
        event.name.clone_from(&operation.name);
        event.sub_type.clone_from(&operation.sub_type);
        event.parent_id.clone_from(&operation.parent_id);
        self.events.push(event);
    }

    fn event(&self, details: EventDetails, now: Timestamp) -> Event {
        Event {
            event_id: self.events.len() as u64 + 1,
            event_timestamp: now,
            sub_type: None,
            id: None,
            name: None,
            parent_id: None,
            details,
        }
    }

    /// Returns the operations that changed since the last call, each with its place in the start
    /// order, for a store to keep.
    pub fn take_changes(&mut self) -> Vec<(usize, Arc<Operation>)> {
        let dirty = std::mem::take(&mut self.dirty);
        dirty.into_iter().map(|index| (index, Arc::clone(&self.operations[index]))).collect()
    }

    /// Changes the operation at `index`, and keeps count of the pending ones.
    pub(super) fn change<R>(&mut self, index: usize, change: impl FnOnce(&mut Operation) -> R) -> R {
        let operation = Arc::make_mut(&mut self.operations[index]);
        let was_pending = operation::is_pending(operation);
        let answer = change(operation);
        self.pending -= usize::from(was_pending);
        self.pending += usize::from(operation::is_pending(operation));
        answer
    }

    /// Notes that the operation at `index` moved from outside the function, which wakes it.
    pub(super) fn moved(&mut self, index: usize, event: Option<EventDetails>, now: Timestamp) {
        if let Some(event) = event {
            self.record(index, event, now);
        }
        self.mark_changed(index);
        self.updated.push(index);
        self.wake = true;
    }

    /// Notes that the operation at `index` changed, for the function and for the store.
    pub(super) fn mark_changed(&mut self, index: usize) {
        push_new(&mut self.unseen, index);
        push_new(&mut self.dirty, index);
    }
}

/// Adds `index` unless it is among the newest few, which covers a batch that starts and ends an
/// operation; a repetition further back is harmless.
fn push_new(list: &mut Vec<usize>, index: usize) {
    if !list.iter().rev().take(4).any(|known| *known == index) {
        list.push(index);
    }
}
