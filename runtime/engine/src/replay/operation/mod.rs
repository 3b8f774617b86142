//! One file to an operation type: how it begins from its record, and what its record's outcome is.

mod context;
mod step;
mod wait;

use durabox_model::{ErrorObject, MAX_NAME_LENGTH, Operation, OperationStatus, OperationUpdate};

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

    const fn running(attempt: u32, start: bool) -> Self {
        Self { phase: Phase::Running, state: State::Run(attempt), start }
    }
}

/// Begins an operation whose record, if there is one, has not ended.
pub(super) fn begin(entry: &Entry) -> Begun {
    let status = entry.record.as_ref().map(|record| record.status);
    match entry.request {
        Request::Step(semantics) => step::begin(semantics, status, entry.finished_attempts()),
        Request::Wait { .. } => Begun::waiting(status.is_none()),
        Request::Context { .. } => Begun::running(0, status.is_none()),
    }
}

/// Adds what a START of this operation carries.
pub(super) fn complete_start(entry: &Entry, update: &mut OperationUpdate) {
    if let Request::Wait { seconds } = entry.request {
        wait::complete_start(seconds, update);
    }
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
        Request::Context { sub_type } => context::check(sub_type),
        Request::Step(_) => Ok(()),
    }
}
