use std::collections::HashMap;
use std::sync::Arc;

use durabox_model::{Operation, OperationAction, OperationStatus, OperationType, OperationUpdate, SmolStr, Timestamp};
use foldhash::fast::RandomState;

use super::entry::{Entry, Inside, Phase};
use super::identity::{path, wire_id};
use super::outgoing::Outgoing;
use super::{Claim, ClaimView, Claimed, Divergence, Fault, Identity, Recorded, Request, Scope, State, operation};
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
    /// Whether the last checkpoint closes the execution, so that no token follows it.
    closes: bool,
    revoked: bool,
    pub(super) records: HashMap<SmolStr, Known, RandomState>,
    /// Recorded ids in start order.
    pub(super) order: Vec<SmolStr>,
    /// By handle; the first stands for the execution's own context, handle 0.
    pub(super) entries: Vec<Entry>,
    scope: u32,
    pub(super) outgoing: Outgoing,
    pub(super) ready: Vec<u32>,
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
            id: SmolStr::default(),
            path: SmolStr::default(),
            parent: 0,
            name: None,
            request: Request::Context { sub_type: SmolStr::default() },
            site: super::CallSite::default(),
            phase: Phase::Running,
            record: None,
            abandoned: false,
            inside: Inside { claimed: 0, now: start, ended: false },
        };
        let mut replay = Self {
            mode,
            token,
            closes: false,
            revoked: false,
            records: HashMap::with_capacity_and_hasher(operations.len(), RandomState::default()),
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
        let parent = claim.batch.unwrap_or(claim.context);
        let now = self.context(parent)?.inside.now;
        let path = path(&self.context(claim.context)?.path, claim.index);
        let handle = u32::try_from(self.entries.len()).map_err(|_| Fault::Contract("too many operations".into()))?;
        let mut entry = Entry {
            id: wire_id(&path),
            path,
            parent,
            name: claim.name,
            request: claim.request,
            site: claim.site,
            phase: Phase::Claimed,
            record: None,
            abandoned: false,
            inside: Inside { claimed: 0, now, ended: false },
        };
        self.check_use(&entry)?;

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
            settled = operation::settled(&record);
            if settled.is_some() {
                entry.phase = Phase::Settled;
                let inside = &mut self.entries[parent as usize].inside;
                inside.now = inside.now.max(record.end_timestamp.unwrap_or_default());
            }
            entry.record = Some(record);
        }
        let recorded = match &entry.record {
            None => Recorded::Absent,
            Some(record) if record.status.is_terminal() => Recorded::Ended,
            Some(_) => Recorded::Open,
        };
        self.entries.push(entry);
        Ok(Claimed { handle, recorded, settled })
    }

    /// Checks that an operation may be asked for by the code that runs, where it is, as it is.
    fn check_use(&self, entry: &Entry) -> Result<(), Fault> {
        if let Scope::Step { handle, .. } = self.scope() {
            let step = Box::new(self.entries[handle as usize].identity());
            return Err(Fault::InsideStep { claimed: Box::new(entry.identity()), step });
        }
        let context = &self.entries[entry.parent as usize];
        if context.inside.ended {
            let context = Box::new(context.identity());
            return Err(Fault::ContextEnded { claimed: Box::new(entry.identity()), context });
        }
        operation::check(entry.name.as_deref(), &entry.request).map_err(|problem| invalid(entry, problem))
    }

    /// Starts the operation if it has not started, and says what it needs.
    pub fn poll(&mut self, handle: u32) -> Result<State, Fault> {
        let entry = self.entry(handle)?;
        match entry.phase {
            Phase::Claimed => self.begin(handle),
            Phase::Startable => Ok(self.start_body(handle)),
            Phase::Waiting if is_over(entry) => self.settle(handle),
            Phase::Starting | Phase::Running | Phase::Reporting | Phase::Waiting => Ok(State::Pending),
            Phase::Reported => {
                self.deliver(handle);
                Ok(State::Acknowledged)
            }
            Phase::Ended => self.settle(handle),
            Phase::Settled => Err(Fault::Contract(format!("operation handle {handle} was polled after its end"))),
        }
    }

    /// Notes that the guest will not poll the operation again.
    pub fn abandon(&mut self, handle: u32) {
        if let Some(entry) = self.entries.get_mut(handle as usize).filter(|_| handle != 0) {
            entry.abandoned = true;
            entry.inside.ended = true;
        }
    }

    /// Returns the number of the attempt that runs or comes next, from 1.
    pub fn attempt(&self, handle: u32) -> u32 {
        self.entries.get(handle as usize).map_or(0, Entry::finished_attempts) + 1
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
        if entry.request.is_step() {
            Scope::Step { handle: self.scope, attempt: entry.finished_attempts() + 1 }
        } else {
            Scope::Handler { context: self.scope }
        }
    }

    /// Returns the id of the step or context whose code runs; `None` at the top.
    pub fn scope_operation(&self) -> Option<&str> {
        match self.actual(self.scope) {
            0 => None,
            handle => Some(&self.entries[handle as usize].id),
        }
    }

    /// Returns the name of the step or context whose code runs, if it has one.
    pub fn scope_name(&self) -> Option<&str> {
        self.entries[self.actual(self.scope) as usize].name.as_deref()
    }

    /// Returns the id that an operation has in the record.
    pub fn operation_id(&self, handle: u32) -> Result<&str, Fault> {
        Ok(&self.entry(handle)?.id)
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
        if entry.request.is_context() { entry.inside.now } else { self.entries[entry.parent as usize].inside.now }
    }

    /// Takes the handles that have something new.
    pub fn take_ready(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.ready)
    }

    /// Returns the next checkpoint to make, if there is anything to tell and a token to tell it with:
    /// one that is under way has the token, and the one that closed the execution was given no other.
    pub fn poll_checkpoint(&mut self) -> Option<CheckpointRequest> {
        if self.token.is_empty() {
            return None;
        }
        let updates = self.outgoing.take_batch();
        self.closes = updates.last().is_some_and(|last| last.operation_type == OperationType::Execution);
        (!updates.is_empty()).then(|| CheckpointRequest { token: std::mem::take(&mut self.token), updates })
    }

    /// Takes the answer to a checkpoint. Further pages of it are given to [`Replay::merge`].
    pub fn handle_checkpoint(&mut self, output: CheckpointOutput) -> Result<(), Fault> {
        self.revoked = output.token.is_none() && !self.closes;
        self.token = output.token.unwrap_or_default();
        self.merge(output.operations);
        Ok(())
    }

    /// Whether the service has taken the execution back from this invocation, as a pause does: nothing
    /// more can be told, and the invocation is to answer PENDING.
    pub const fn is_revoked(&self) -> bool {
        self.revoked
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
                Phase::Starting => Phase::Startable,
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
            self.send_start(handle, None);
        }
        self.entries[handle as usize].phase = begun.phase;
        Ok(begun.state)
    }

    /// Begins an operation without starting anything: contexts are entered, a callback tells its
    /// id, all else stands still.
    fn begin_recorded(&mut self, handle: u32, complete: bool) -> Result<State, Fault> {
        let entry = &mut self.entries[handle as usize];
        let is_virtual = matches!(entry.request, Request::VirtualContext { .. });
        if entry.record.is_none() && complete && !is_virtual {
            let claimed = entry.identity();
            return Err(Fault::Divergence(Box::new(Divergence::Unrecorded { claimed })));
        }
        let is_callback = matches!(entry.request, Request::Callback(_));
        if is_virtual || (entry.record.is_some() && (entry.request.is_context() || is_callback)) {
            let begun = operation::begin(entry);
            entry.phase = begun.phase;
            return Ok(begun.state);
        }
        entry.phase = Phase::Waiting;
        Ok(State::Pending)
    }

    /// Lets the body run whose START is durable; a callback tells its id.
    fn start_body(&mut self, handle: u32) -> State {
        let entry = &mut self.entries[handle as usize];
        if let (Request::Callback(_), Some(record)) = (&entry.request, &entry.record) {
            let id = operation::callback_id(record).unwrap_or_default().to_owned();
            entry.phase = Phase::Waiting;
            return State::Opened(id);
        }
        entry.phase = Phase::Running;
        State::Run { attempt: entry.finished_attempts() + 1, carried: None }
    }

    /// Tells the outcome that the record has.
    fn settle(&mut self, handle: u32) -> Result<State, Fault> {
        let outcome = self.entries[handle as usize].record.as_deref().and_then(operation::outcome);
        self.deliver(handle);
        outcome
            .map(State::Settled)
            .ok_or_else(|| Fault::Contract(format!("operation handle {handle} ended without an outcome")))
    }

    /// Queues the START of an operation, with its input if it takes one.
    pub(super) fn send_start(&mut self, handle: u32, payload: Option<String>) {
        let entry = &self.entries[handle as usize];
        let mut update = entry.update(OperationAction::Start, self.parent_id(entry));
        update.payload = payload;
        operation::complete_start(entry, &mut update);
        self.send(handle, update);
    }

    /// Queues an update, unless a context around the operation has ended: an orphan is not told.
    pub(super) fn send(&mut self, handle: u32, update: OperationUpdate) {
        let mut context = self.entries[handle as usize].parent;
        while context != 0 {
            let entry = &self.entries[context as usize];
            if entry.inside.ended {
                return;
            }
            context = entry.parent;
        }
        self.outgoing.push(update);
    }

    /// Notes that the guest learns the outcome now, and with it the time.
    fn deliver(&mut self, handle: u32) {
        let entry = &mut self.entries[handle as usize];
        entry.phase = Phase::Settled;
        let end = entry.record.as_ref().and_then(|record| record.end_timestamp).unwrap_or_default();
        let parent = entry.parent as usize;
        let inside = &mut self.entries[parent].inside;
        inside.now = inside.now.max(end);
    }

    fn entry(&self, handle: u32) -> Result<&Entry, Fault> {
        self.entries
            .get(handle as usize)
            .ok_or_else(|| Fault::Contract(format!("there is no operation with handle {handle}")))
    }

    pub(super) fn running(&self, handle: u32) -> Result<&Entry, Fault> {
        match self.entry(handle)? {
            entry if entry.phase == Phase::Running && handle != 0 => Ok(entry),
            _ => Err(Fault::Contract(format!("operation handle {handle} was reported but does not run"))),
        }
    }

    fn context(&self, handle: u32) -> Result<&Entry, Fault> {
        match self.entry(handle)? {
            entry if entry.request.is_context() => Ok(entry),
            _ => Err(Fault::Contract(format!("operation handle {handle} is not a context"))),
        }
    }

    pub(super) fn parent_id(&self, entry: &Entry) -> Option<SmolStr> {
        match self.actual(entry.parent) {
            0 => None,
            handle => Some(self.entries[handle as usize].id.clone()),
        }
    }

    /// Returns the handle itself, or that of the operation around a virtual context.
    fn actual(&self, mut handle: u32) -> u32 {
        while let Entry { request: Request::VirtualContext { .. }, parent, .. } = &self.entries[handle as usize] {
            handle = *parent;
        }
        handle
    }
}

/// Whether the service has ended an operation that the guest learns of by polling.
fn is_over(entry: &Entry) -> bool {
    entry.record.as_deref().is_some_and(|record| operation::outcome(record).is_some())
}

pub(super) fn invalid(entry: &Entry, problem: String) -> Fault {
    let what = Identity { site: None, ..entry.identity() }.to_string();
    Fault::InvalidOperation { what, problem, site: entry.site.clone() }
}

/// Whether a record is of the operation claimed: type, sub-type and name, absence included.
fn matches(record: &Operation, entry: &Entry) -> bool {
    record.operation_type == entry.operation_type()
        && record.sub_type.as_deref() == Some(entry.sub_type())
        && record.name == entry.name
}
