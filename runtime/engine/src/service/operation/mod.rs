//! One file to an operation type: which updates it accepts, and what they do to it.

pub(super) mod callback;
pub(super) mod chained_invoke;
mod context;
mod step;
mod wait;

use durabox_model::{
    EventDetails, MAX_WAIT_SECONDS, Operation, OperationStatus, OperationType, OperationUpdate, Timestamp,
};

use super::callback::OpenCallback;
use super::{ChainedInvoke, CheckpointError};

/// What an accepted update leaves to the execution.
#[derive(Default)]
pub(super) struct Applied {
    /// The event to append.
    pub(super) event: Option<EventDetails>,
    /// The timer to arm.
    pub(super) timer: Option<Timestamp>,
    /// The deadlines of a callback that has just opened.
    pub(super) callback: Option<OpenCallback>,
    /// The function to invoke.
    pub(super) chained_invoke: Option<ChainedInvoke>,
}

impl From<EventDetails> for Applied {
    fn from(event: EventDetails) -> Self {
        Self { event: Some(event), ..Self::default() }
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
        OperationType::Callback => callback::next(current, update),
        OperationType::ChainedInvoke => chained_invoke::next(current, update),
        OperationType::Execution => Err(CheckpointError::InvalidAction),
    }
}

/// Applies an update that [`next`] accepted.
pub(super) fn apply(operation: &mut Operation, update: OperationUpdate, now: Timestamp) -> Applied {
    match update.operation_type {
        OperationType::Step => step::apply(operation, update, now),
        OperationType::Wait => wait::apply(operation, &update, now),
        OperationType::Context => context::apply(operation, update, now),
        OperationType::Callback => callback::apply(operation, &update, now),
        OperationType::ChainedInvoke => chained_invoke::apply(operation, update, now),
        OperationType::Execution => Applied::default(),
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
