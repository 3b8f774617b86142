//! One file to an operation type: how it begins from its record, and what its record's outcome is.

mod callback;
mod context;
mod invoke;
mod step;
mod wait;

use durabox_model::{ErrorObject, MAX_NAME_LENGTH, Operation, OperationStatus, OperationType, OperationUpdate};

use super::entry::{Entry, Phase};
use super::{Outcome, Request, State};

/// What the first poll of an operation leads to.
pub(super) struct Begun {
    pub(super) phase: Phase,
    pub(super) state: State,
    /// Whether a START goes to the service.
    pub(super) start: bool,
}

impl Begun {
    const fn waiting(start: bool) -> Self {
        Self { phase: Phase::Waiting, state: State::Pending, start }
    }

    /// A callback whose id is known; whether it has ended is told by the next poll.
    const fn opened(id: String) -> Self {
        Self { phase: Phase::Waiting, state: State::Opened(id), start: false }
    }

    const fn running(attempt: u32, carried: Option<String>, start: bool) -> Self {
        Self { phase: Phase::Running, state: State::Run { attempt, carried }, start }
    }
}

/// Begins an operation whose record, if there is one, has not ended.
pub(super) fn begin(entry: &Entry) -> Begun {
    let status = entry.record.as_ref().map(|record| record.status);
    match &entry.request {
        Request::Step(semantics) => step::begin(*semantics, status, entry.finished_attempts()),
        Request::Condition => step::begin_condition(status, entry.record.as_deref()),
        Request::Wait { .. } => Begun::waiting(status.is_none()),
        Request::Callback(_) => match entry.record.as_deref().and_then(callback::id) {
            Some(id) => Begun::opened(id.to_owned()),
            None => Begun { phase: Phase::Starting, state: State::Pending, start: status.is_none() },
        },
        // Its START carries the input, which the guest has not given yet.
        Request::Invoke(_) if status.is_none() => Begun::running(0, None, false),
        Request::Invoke(_) => Begun::waiting(false),
        Request::Context { .. } => Begun::running(0, entry.summary(), status.is_none()),
        Request::VirtualContext { .. } => Begun::running(0, None, false),
    }
}

/// Adds what a START of this operation carries.
pub(super) fn complete_start(entry: &Entry, update: &mut OperationUpdate) {
    match &entry.request {
        Request::Wait { seconds } => wait::complete_start(*seconds, update),
        Request::Callback(options) => callback::complete_start(options, update),
        Request::Invoke(options) => invoke::complete_start(options, update),
        Request::Step(_) | Request::Condition | Request::Context { .. } | Request::VirtualContext { .. } => {}
    }
}

/// Returns what a claim of a record that has ended learns at once: nothing of a callback, whose
/// id is told first.
pub(super) fn settled(record: &Operation) -> Option<Outcome> {
    if record.operation_type == OperationType::Callback { None } else { outcome(record) }
}

/// Returns the outcome of a record that has ended, or `None` when the body must run to rebuild it.
pub(super) fn outcome(record: &Operation) -> Option<Outcome> {
    if !record.status.is_terminal() || context::must_rebuild(record) {
        return None;
    }
    if record.status == OperationStatus::Succeeded {
        return Some(Outcome::Succeeded(record.result().map(str::to_owned)));
    }
    Some(Outcome::Failed {
        status: record.status,
        error: record.error().cloned().unwrap_or_else(ErrorObject::default),
        attempts: record.step_details.as_ref().map_or(0, |step| step.attempt),
    })
}

/// Returns the id that the service gave a callback.
pub(super) fn callback_id(record: &Operation) -> Option<&str> {
    callback::id(record)
}

/// Checks what Lambda would reject; says the limit and the value.
pub(super) fn check(name: Option<&str>, request: &Request) -> Result<(), String> {
    if let Some(name) = name {
        if let Some(bad) = name.chars().find(|c| !(' '..='~').contains(c)) {
            return Err(format!("a name takes printable ASCII only, got {bad:?} in {name:?}"));
        }
        if !(1..=MAX_NAME_LENGTH).contains(&name.len()) {
            return Err(format!("a name takes 1 to {MAX_NAME_LENGTH} characters, got {}", name.len()));
        }
    }
    match request {
        Request::Wait { seconds } => wait::check(*seconds),
        Request::Callback(options) => callback::check(options),
        Request::Invoke(options) => invoke::check(options),
        Request::Context { sub_type } | Request::VirtualContext { sub_type } => context::check(sub_type),
        Request::Step(_) | Request::Condition => Ok(()),
    }
}
