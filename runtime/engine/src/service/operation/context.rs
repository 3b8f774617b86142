use durabox_model::{
    ContextDetails, EventDetails, EventError, EventPayload, Operation, OperationAction, OperationStatus,
    OperationUpdate, Timestamp, details,
};

use super::{Applied, CheckpointError};

/// Decides what `update` does to a context. Lambda: START once; closes from STARTED, or unseen.
pub(super) fn next(
    current: Option<OperationStatus>,
    update: &OperationUpdate,
) -> Result<OperationStatus, CheckpointError> {
    use {OperationAction as Action, OperationStatus as Status};
    let open = matches!(current, None | Some(Status::Started));
    match update.action {
        Action::Start if current.is_none() => Ok(Status::Started),
        Action::Start => Err(CheckpointError::ContextExists),
        Action::Succeed if update.error.is_some() => Err(CheckpointError::ErrorOnSucceed),
        Action::Fail if update.payload.is_some() => Err(CheckpointError::PayloadOnFail),
        Action::Succeed if open => Ok(Status::Succeeded),
        Action::Fail if open => Ok(Status::Failed),
        Action::Succeed | Action::Fail => Err(CheckpointError::ContextNotClosable),
        Action::Retry | Action::Cancel => Err(CheckpointError::InvalidAction),
    }
}

pub(super) fn apply(operation: &mut Operation, update: OperationUpdate, now: Timestamp) -> Applied {
    let context = operation.context_details.get_or_insert_with(ContextDetails::default);
    let event: EventDetails = match update.action {
        OperationAction::Succeed => {
            operation.status = OperationStatus::Succeeded;
            operation.end_timestamp = Some(now);
            context.replay_children = update.context_options.unwrap_or_default().replay_children;
            context.result.clone_from(&update.payload);
            details::ContextSucceeded { result: EventPayload::new(update.payload) }.into()
        }
        OperationAction::Fail => {
            operation.status = OperationStatus::Failed;
            operation.end_timestamp = Some(now);
            context.error.clone_from(&update.error);
            details::ContextFailed { error: EventError::new(update.error) }.into()
        }
        _ => details::ContextStarted {}.into(),
    };
    event.into()
}
