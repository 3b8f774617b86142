use durabox_model::{
    EventDetails, Operation, OperationAction, OperationStatus, OperationUpdate, Timestamp, WaitDetails, details,
};

use super::{Applied, CheckpointError, Fired, check_seconds};

/// Decides what `update` does to a wait. Lambda: START once, CANCEL only while STARTED.
pub(super) fn next(
    current: Option<OperationStatus>,
    update: &OperationUpdate,
) -> Result<OperationStatus, CheckpointError> {
    use {OperationAction as Action, OperationStatus as Status};
    match (current, update.action) {
        (None, Action::Start) => {
            let options = update.wait_options.as_ref().ok_or(CheckpointError::MissingWaitOptions)?;
            check_seconds("WaitSeconds", options.wait_seconds)?;
            Ok(Status::Started)
        }
        (Some(_), Action::Start) => Err(CheckpointError::WaitExists),
        (Some(Status::Started), Action::Cancel) => Ok(Status::Cancelled),
        (_, Action::Cancel) => Err(CheckpointError::WaitNotCancellable),
        (_, Action::Succeed | Action::Fail | Action::Retry) => Err(CheckpointError::InvalidWaitAction),
    }
}

pub(super) fn apply(operation: &mut Operation, update: &OperationUpdate, now: Timestamp) -> Applied {
    if update.action == OperationAction::Cancel {
        operation.status = OperationStatus::Cancelled;
        operation.end_timestamp = Some(now);
        return EventDetails::from(details::WaitCancelled::default()).into();
    }
    let duration = update.wait_options.as_ref().map_or(0, |options| options.wait_seconds);
    let due = now.plus_seconds(duration);
    operation.wait_details = Some(WaitDetails { scheduled_end_timestamp: Some(due) });
    let event = EventDetails::from(details::WaitStarted { duration, scheduled_end_timestamp: due });
    Applied { timer: Some(due), ..event.into() }
}

pub(super) fn fire(operation: &mut Operation, at: Timestamp, now: Timestamp) -> Option<Fired> {
    let scheduled = operation.wait_details.as_ref()?.scheduled_end_timestamp;
    if operation.status != OperationStatus::Started || scheduled != Some(at) {
        return None;
    }
    let duration = at.since(operation.start_timestamp).as_secs();
    operation.status = OperationStatus::Succeeded;
    operation.end_timestamp = Some(now);
    Some(Fired { event: Some(details::WaitSucceeded { duration: Some(duration) }.into()) })
}
