//! One file to an operation type: which updates it accepts, and what they do to it.

mod context;
mod step;
mod wait;

use durabox_model::{
    EventDetails, MAX_WAIT_SECONDS, Operation, OperationStatus, OperationType, OperationUpdate, Timestamp,
};

use super::CheckpointError;

/// What an accepted update leaves to the execution: the event to append, and the timer to arm.
pub(super) struct Applied {
    pub(super) event: EventDetails,
    pub(super) timer: Option<Timestamp>,
}

impl From<EventDetails> for Applied {
    fn from(event: EventDetails) -> Self {
        Self { event, timer: None }
    }
}

/// Decides which status `update` leads to from `current`; absent is an operation not seen before.
pub(super) fn next(
    current: Option<OperationStatus>,
    update: &OperationUpdate,
) -> Result<OperationStatus, CheckpointError> {
    match update.operation_type {
        OperationType::Step => step::next(current, update),
        OperationType::Wait => wait::next(current, update),
        OperationType::Context => context::next(current, update),
        other => Err(CheckpointError::UnsupportedType(other.as_str())),
    }
}

/// Applies an update that [`next`] accepted.
pub(super) fn apply(operation: &mut Operation, update: OperationUpdate, now: Timestamp) -> Option<Applied> {
    match update.operation_type {
        OperationType::Step => step::apply(operation, update, now),
        OperationType::Wait => wait::apply(operation, &update, now),
        OperationType::Context => context::apply(operation, update, now),
        OperationType::Execution | OperationType::Callback | OperationType::ChainedInvoke => None,
    }
}

/// Fires the timer of `operation` that was armed for `at`, unless the operation has moved on.
pub(super) fn fire(operation: &mut Operation, at: Timestamp, now: Timestamp) -> Option<Fired> {
    match operation.operation_type {
        OperationType::Step => step::fire(operation, at),
        OperationType::Wait => wait::fire(operation, at, now),
        _ => None,
    }
}

/// What a timer did: most append an event, a step that becomes READY does not.
pub(super) struct Fired {
    pub(super) event: Option<EventDetails>,
}

/// Whether a suspended function is waiting for this operation.
pub(super) fn is_pending(operation: &Operation) -> bool {
    match operation.operation_type {
        OperationType::Step => operation.status == OperationStatus::Pending,
        OperationType::Wait | OperationType::Callback | OperationType::ChainedInvoke => {
            operation.status == OperationStatus::Started
        }
        OperationType::Execution | OperationType::Context => false,
    }
}

fn check_seconds(what: &'static str, seconds: u64) -> Result<(), CheckpointError> {
    match seconds {
        1..=MAX_WAIT_SECONDS => Ok(()),
        _ => Err(CheckpointError::SecondsOutOfRange(what, seconds)),
    }
}
