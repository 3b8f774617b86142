use std::collections::HashMap;
use std::sync::Arc;

use durabox_model::{
    ContextOptions, ErrorObject, InvocationOutput, MAX_PAYLOAD_SIZE, MAX_RESPONSE_SIZE, Operation, OperationAction,
    OperationStatus, OperationType, OperationUpdate, SUMMARY_THRESHOLD, StepOptions, Timestamp,
};

use super::entry::{Entry, Inside, Phase};
use super::identity::{path, wire_id};
use super::outgoing::Outgoing;
use super::{Claim, ClaimView, Claimed, Divergence, Fault, Identity, Request, RetryDecision, Scope, State, operation};
use crate::{CheckpointOutput, CheckpointRequest};

/// What is done where the record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The execution goes on: new operations start.
    Live,
    /// Nothing starts and no step body runs: the handler is compared with its record.
    Recorded {
        /// Whether the handler had returned, so that nothing may follow the record.
        complete: bool,
    },
}

/// The SDK's half of one invocation.
#[derive(Clone, Debug)]
pub struct Replay {
    pub(super) mode: Mode,
    token: String,
    pub(super) records: HashMap<String, Known>,
    /// Recorded ids in start order.
    pub(super) order: Vec<String>,
    /// By handle; the first stands for the execution's own context, handle 0.
    entries: Vec<Entry>,
    scope: u32,
    outgoing: Outgoing,
    ready: Vec<u32>,
}

/// An operation of the record, and who claimed it.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) operation: Option<Arc<Operation>>,
    pub(super) handle: Option<u32>,
}

impl Replay {
    /// Returns the machine for an invocation with this token and this state: all of its pages,
    /// the EXECUTION operation first.
    pub fn new(token: String, operations: Vec<Arc<Operation>>, mode: Mode) -> Self {
        let start = operations.first().map(|execution| execution.start_timestamp).unwrap_or_default();
        let top = Entry {
            id: String::new(),
            path: String::new(),
            context: 0,
            name: None,
            request: Request::Context { sub_type: String::new() },
            site: super::CallSite::default(),
            phase: Phase::Running,
            record: None,
            inside: Inside { claimed: 0, now: start, ended: false },
        };
        let mut replay = Self {
            mode,
            token,
            records: HashMap::with_capacity(operations.len()),
            order: Vec::with_capacity(operations.len()),
            entries: vec![top],
            scope: 0,
            outgoing: Outgoing::default(),
            ready: Vec::new(),
        };
        for operation in operations {
            if operation.operation_type != OperationType::Execution {
                replay.order.push(operation.id.clone());
                replay.records.insert(operation.id.clone(), Known { operation: Some(operation), handle: None });
            }
        }
        replay
    }

    /// Claims the operation at a position. Starts nothing.
    pub fn claim(&mut self, claim: Claim) -> Result<Claimed, Fault> {
        let context = self.context(claim.context)?;
        let path = path(&context.path, claim.index);
        let now = context.inside.now;
        let (context_ended, context_identity) = (context.inside.ended, || context.identity());
        let handle = u32::try_from(self.entries.len()).map_err(|_| Fault::Contract("too many operations".into()))?;
        let mut entry = Entry {
            id: wire_id(&path),
            path,
            context: claim.context,
            name: claim.name,
            request: claim.request,
            site: claim.site,
            phase: Phase::Claimed,
            record: None,
            inside: Inside { claimed: 0, now, ended: false },
        };
        if let Scope::Step { handle, .. } = self.scope() {
            let step = Box::new(self.entries[handle as usize].identity());
            return Err(Fault::InsideStep { claimed: Box::new(entry.identity()), step });
        }
        if context_ended {
            let context = Box::new(context_identity());
            return Err(Fault::ContextEnded { claimed: Box::new(entry.identity()), context });
        }
        operation::check(entry.name.as_deref(), &entry.request).map_err(|problem| invalid(&entry, problem))?;

        let context = &mut self.entries[claim.context as usize];
        context.inside.claimed = context.inside.claimed.max(claim.index);
        // Most claims of a replay are known: their id is not copied.
        let known = match self.records.get_mut(&entry.id) {
            Some(known) => known,
            None => self.records.entry(entry.id.clone()).or_default(),
        };
        if known.handle.is_some() {
            return Err(Fault::Contract(format!("operation {} was claimed twice", entry.path)));
        }
        known.handle = Some(handle);
        let mut settled = None;
        if let Some(record) = known.operation.clone() {
            if !matches(&record, &entry) {
                let claimed = entry.identity();
                return Err(Fault::Divergence(Box::new(Divergence::Mismatch { recorded: record, claimed })));
            }
            settled = operation::outcome(&record);
            if settled.is_some() {
                entry.phase = Phase::Settled;
                context.inside.now = context.inside.now.max(record.end_timestamp.unwrap_or_default());
            }
            entry.record = Some(record);
        }
        self.entries.push(entry);
        Ok(Claimed { handle, settled })
    }

    /// Starts the operation if it has not started, and says what it needs.
    pub fn poll(&mut self, handle: u32) -> Result<State, Fault> {
        let entry = self.entry(handle)?;
        match entry.phase {
            Phase::Claimed => self.begin(handle),
            Phase::Startable => {
                let attempt = entry.finished_attempts() + 1;
                self.entries[handle as usize].phase = Phase::Running;
                Ok(State::Run(attempt))
            }
            Phase::Starting | Phase::Running | Phase::Reporting | Phase::Waiting => Ok(State::Pending),
            Phase::Reported => {
                self.deliver(handle);
                Ok(State::Acknowledged)
            }
            Phase::Ended => {
                let outcome = entry.record.as_deref().and_then(operation::outcome);
                self.deliver(handle);
                outcome
                    .map(State::Settled)
                    .ok_or_else(|| Fault::Contract(format!("operation handle {handle} ended without an outcome")))
            }
            Phase::Settled => Err(Fault::Contract(format!("operation handle {handle} was polled after its end"))),
        }
    }

    /// Takes the result of a step's attempt or of a context.
    pub fn succeed(&mut self, handle: u32, payload: Option<String>) -> Result<(), Fault> {
        let entry = self.running(handle)?;
        let size = payload.as_ref().map_or(0, String::len);
        let mut update = entry.update(OperationAction::Succeed, self.parent_id(entry));
        match entry.request {
            Request::Context { .. } => {
                let rebuilt = entry.record.as_ref().is_some_and(|record| record.status.is_terminal());
                let entry = &mut self.entries[handle as usize];
                entry.inside.ended = true;
                if rebuilt {
                    entry.phase = Phase::Reported;
                    self.ready.push(handle);
                    return Ok(());
                }
                let large = size > SUMMARY_THRESHOLD;
                update.payload = if large { Some(String::new()) } else { payload };
                update.context_options = large.then_some(ContextOptions { replay_children: true });
            }
            _ if size > MAX_PAYLOAD_SIZE => {
                let problem = format!("its result takes at most {MAX_PAYLOAD_SIZE} bytes (1 MiB), got {size}");
                return Err(invalid(entry, problem));
            }
            _ => update.payload = payload,
        }
        self.report(handle, update);
        Ok(())
    }

    /// Takes the failure of a step's attempt or of a context. `random`, in 0..1, spreads the delay.
    pub fn fail(&mut self, handle: u32, error: ErrorObject, retry: RetryDecision, random: f64) -> Result<(), Fault> {
        let entry = self.running(handle)?;
        let size = error.size();
        if size > MAX_PAYLOAD_SIZE {
            let problem = format!("its error takes at most {MAX_PAYLOAD_SIZE} bytes (1 MiB), got {size}");
            return Err(invalid(entry, problem));
        }
        let delay = match (&entry.request, retry) {
            (Request::Step(_), RetryDecision::After(seconds)) => Some(seconds),
            (Request::Step(_), RetryDecision::ByStrategy(strategy)) => {
                strategy.delay(entry.finished_attempts() + 1, random)
            }
            _ => None,
        };
        if let Some(problem) = delay.and_then(|seconds| operation::check(None, &Request::Wait { seconds }).err()) {
            return Err(invalid(entry, format!("its retry delay is out of bounds: {problem}")));
        }
        let action = if delay.is_some() { OperationAction::Retry } else { OperationAction::Fail };
        let mut update = entry.update(action, self.parent_id(entry));
        update.error = Some(error);
        update.step_options = delay.map(|seconds| StepOptions { next_attempt_delay_seconds: seconds });
        self.entries[handle as usize].inside.ended = true;
        self.report(handle, update);
        Ok(())
    }

    /// Notes that the guest will not poll the operation again.
    pub fn abandon(&mut self, handle: u32) {
        if let Some(entry) = self.entries.get_mut(handle as usize).filter(|_| handle != 0) {
            entry.inside.ended = true;
        }
    }

    /// Notes whose code runs from here: a context's handle or a step's.
    pub fn enter(&mut self, scope: u32) -> Result<(), Fault> {
        self.entry(scope)?;
        self.scope = scope;
        Ok(())
    }

    /// Returns whose code runs.
    pub fn scope(&self) -> Scope {
        let entry = &self.entries[self.scope as usize];
        match entry.request {
            Request::Step(_) => Scope::Step { handle: self.scope, attempt: entry.finished_attempts() + 1 },
            _ => Scope::Handler { context: self.scope },
        }
    }

    /// Returns the id of the step or context whose code runs; `None` at the top.
    pub fn scope_operation(&self) -> Option<&str> {
        (self.scope != 0).then(|| self.entries[self.scope as usize].id.as_str())
    }

    /// Whether the context's next operation is recorded.
    pub fn is_replaying(&self, context: u32) -> bool {
        let Some(entry) = self.entries.get(context as usize) else { return false };
        let next = wire_id(&path(&entry.path, entry.inside.claimed + 1));
        self.records.get(&next).is_some_and(|known| known.operation.is_some())
            || matches!(self.mode, Mode::Recorded { complete: true })
    }

    /// Returns the time that the running code may know: the latest end of an operation that its
    /// context has seen, which is the same on every replay.
    pub fn now(&self) -> Timestamp {
        let entry = &self.entries[self.scope as usize];
        match entry.request {
            Request::Context { .. } => entry.inside.now,
            _ => self.entries[entry.context as usize].inside.now,
        }
    }

    /// Takes the handles that have something new.
    pub fn take_ready(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.ready)
    }

    /// Returns the next checkpoint to make, if there is anything to tell.
    pub fn poll_checkpoint(&mut self) -> Option<CheckpointRequest> {
        let updates = self.outgoing.take_batch();
        (!updates.is_empty()).then(|| CheckpointRequest { token: std::mem::take(&mut self.token), updates })
    }

    /// Takes the answer to a checkpoint. Further pages of it are given to [`Replay::merge`].
    pub fn handle_checkpoint(&mut self, output: CheckpointOutput) -> Result<(), Fault> {
        self.token = output.token.unwrap_or_default();
        self.merge(output.operations);
        Ok(())
    }

    /// Returns the token to read the state with.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Takes what the service says of operations.
    pub fn merge(&mut self, operations: Vec<Arc<Operation>>) {
        for operation in operations {
            if operation.operation_type == OperationType::Execution {
                continue;
            }
            let Some(known) = self.records.get_mut(&operation.id) else {
                self.order.push(operation.id.clone());
                let id = operation.id.clone();
                self.records.insert(id, Known { operation: Some(operation), handle: None });
                continue;
            };
            if known.operation.is_none() {
                self.order.push(operation.id.clone());
            }
            known.operation = Some(Arc::clone(&operation));
            let Some(handle) = known.handle else { continue };
            let entry = &mut self.entries[handle as usize];
            let status = operation.status;
            entry.record = Some(operation);
            let retried = matches!(status, OperationStatus::Pending | OperationStatus::Ready);
            let phase = match entry.phase {
                Phase::Starting if status == OperationStatus::Started => Phase::Startable,
                Phase::Reporting if status.is_terminal() => Phase::Reported,
                // A body is consumed by its attempt: the next one takes another invocation.
                Phase::Reporting if retried => Phase::Waiting,
                Phase::Waiting if status.is_terminal() => Phase::Ended,
                unchanged => unchanged,
            };
            if phase != entry.phase {
                entry.phase = phase;
                if phase != Phase::Waiting {
                    self.ready.push(handle);
                }
            }
        }
    }

    /// Returns the answer to the invocation once the handler has returned. A result too large
    /// for the answer is left to a last checkpoint, which [`Replay::poll_checkpoint`] gives.
    pub fn finish(&mut self, outcome: Result<Option<String>, ErrorObject>) -> InvocationOutput {
        let size = match &outcome {
            Ok(result) => result.as_ref().map_or(0, String::len),
            Err(error) => error.size(),
        };
        if size <= MAX_RESPONSE_SIZE {
            return match outcome {
                Ok(result) => InvocationOutput::succeeded(result),
                Err(error) => InvocationOutput::failed(Some(error)),
            };
        }
        let action = if outcome.is_ok() { OperationAction::Succeed } else { OperationAction::Fail };
        let mut update = OperationUpdate::new(wire_id("execution-result"), OperationType::Execution, action);
        match outcome {
            Ok(result) => {
                update.payload = result;
                self.outgoing.push(update);
                InvocationOutput::succeeded(Some(String::new()))
            }
            Err(error) => {
                update.error = Some(error);
                self.outgoing.push(update);
                InvocationOutput::failed(None)
            }
        }
    }

    /// Returns what the handler claimed, in order.
    pub fn claims(&self) -> impl Iterator<Item = ClaimView<'_>> {
        self.entries[1..].iter().map(ClaimView::from)
    }

    /// Returns the last operation claimed that only the service can move.
    pub(super) fn waiting(&self) -> Option<Identity> {
        self.entries[1..].iter().rev().find(|entry| entry.phase == Phase::Waiting).map(Entry::identity)
    }

    fn begin(&mut self, handle: u32) -> Result<State, Fault> {
        let entry = &self.entries[handle as usize];
        if let Mode::Recorded { complete } = self.mode {
            return self.begin_recorded(handle, complete);
        }
        let begun = operation::begin(entry);
        if begun.start {
            let mut update = entry.update(OperationAction::Start, self.parent_id(entry));
            operation::complete_start(entry, &mut update);
            self.send(handle, update);
        }
        self.entries[handle as usize].phase = begun.phase;
        Ok(begun.state)
    }

    /// Begins an operation without starting anything: contexts are entered, all else stands still.
    fn begin_recorded(&mut self, handle: u32, complete: bool) -> Result<State, Fault> {
        let entry = &mut self.entries[handle as usize];
        if entry.record.is_none() && complete {
            let claimed = entry.identity();
            return Err(Fault::Divergence(Box::new(Divergence::Unrecorded { claimed })));
        }
        if entry.record.is_some() && matches!(entry.request, Request::Context { .. }) {
            entry.phase = Phase::Running;
            return Ok(State::Run(0));
        }
        entry.phase = Phase::Waiting;
        Ok(State::Pending)
    }

    /// Queues a report, after which the operation waits for it to be durable.
    fn report(&mut self, handle: u32, update: OperationUpdate) {
        self.entries[handle as usize].phase = Phase::Reporting;
        if !matches!(self.mode, Mode::Recorded { .. }) {
            self.send(handle, update);
        }
    }

    /// Queues an update, unless a context around the operation has ended: an orphan is not told.
    fn send(&mut self, handle: u32, update: OperationUpdate) {
        let mut context = self.entries[handle as usize].context;
        while context != 0 {
            let entry = &self.entries[context as usize];
            if entry.inside.ended {
                return;
            }
            context = entry.context;
        }
        self.outgoing.push(update);
    }

    /// Notes that the guest learns the outcome now, and with it the time.
    fn deliver(&mut self, handle: u32) {
        let entry = &mut self.entries[handle as usize];
        entry.phase = Phase::Settled;
        let end = entry.record.as_ref().and_then(|record| record.end_timestamp).unwrap_or_default();
        let context = entry.context as usize;
        let inside = &mut self.entries[context].inside;
        inside.now = inside.now.max(end);
    }

    fn entry(&self, handle: u32) -> Result<&Entry, Fault> {
        self.entries
            .get(handle as usize)
            .ok_or_else(|| Fault::Contract(format!("there is no operation with handle {handle}")))
    }

    fn running(&self, handle: u32) -> Result<&Entry, Fault> {
        match self.entry(handle)? {
            entry if entry.phase == Phase::Running && handle != 0 => Ok(entry),
            _ => Err(Fault::Contract(format!("operation handle {handle} was reported but does not run"))),
        }
    }

    fn context(&self, handle: u32) -> Result<&Entry, Fault> {
        match self.entry(handle)? {
            entry if matches!(entry.request, Request::Context { .. }) => Ok(entry),
            _ => Err(Fault::Contract(format!("operation handle {handle} is not a context"))),
        }
    }

    fn parent_id(&self, entry: &Entry) -> Option<String> {
        (entry.context != 0).then(|| self.entries[entry.context as usize].id.clone())
    }
}

fn invalid(entry: &Entry, problem: String) -> Fault {
    let what = Identity { site: None, ..entry.identity() }.to_string();
    Fault::InvalidOperation { what, problem, site: entry.site.clone() }
}

/// Whether a record is of the operation claimed: type, sub-type and name, absence included.
fn matches(record: &Operation, entry: &Entry) -> bool {
    record.operation_type == entry.operation_type()
        && record.sub_type.as_deref() == Some(entry.sub_type())
        && record.name == entry.name
}
