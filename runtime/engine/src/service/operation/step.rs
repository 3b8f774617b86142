use durabox_model::{
    EventDetails, EventError, EventPayload, Operation, OperationAction, OperationStatus, OperationUpdate, RetryDetails,
    StepDetails, Timestamp, details,
};

use super::{Applied, CheckpointError, Fired, check_seconds};

/// Decides what `update` does to a step. Lambda: a first update may be any of the four; a step
/// that is PENDING takes none until its delay has passed.
pub(super) fn next(
    current: Option<OperationStatus>,
    update: &OperationUpdate,
) -> Result<OperationStatus, CheckpointError> {
    use {OperationAction as Action, OperationStatus as Status};
    let open = matches!(current, None | Some(Status::Started | Status::Ready));
    match update.action {
        Action::Start => match current {
            None | Some(Status::Ready) => Ok(Status::Started),
            Some(_) => Err(CheckpointError::StepNotStartable),
        },
        Action::Succeed if update.error.is_some() => Err(CheckpointError::ErrorOnSucceed),
        Action::Succeed if open => Ok(Status::Succeeded),
        Action::Fail if update.payload.is_some() => Err(CheckpointError::PayloadOnFail),
        Action::Fail if open => Ok(Status::Failed),
        Action::Succeed | Action::Fail => Err(CheckpointError::StepNotClosable),
        Action::Retry if !open => Err(CheckpointError::StepNotRetryable),
        Action::Retry if update.error.is_some() && update.payload.is_some() => Err(CheckpointError::RetryWithBoth),
        Action::Retry => {
            let options = update.step_options.as_ref().ok_or(CheckpointError::MissingStepOptions)?;
            check_seconds("NextAttemptDelaySeconds", options.next_attempt_delay_seconds)?;
            Ok(Status::Pending)
        }
        Action::Cancel => Err(CheckpointError::InvalidStepAction),
    }
}

pub(super) fn apply(operation: &mut Operation, update: OperationUpdate, now: Timestamp) -> Applied {
    let step = operation.step_details.get_or_insert_with(StepDetails::default);
    if update.action == OperationAction::Start {
        // The last result stays: it is the state of a wait_for_condition whose process may yet die.
        step.next_attempt_timestamp = None;
        operation.status = OperationStatus::Started;
        return EventDetails::from(details::StepStarted {}).into();
    }

    step.attempt += 1;
    let mut retry = RetryDetails { current_attempt: step.attempt, next_attempt_delay_seconds: None };
    let mut timer = None;
    if update.action == OperationAction::Retry {
        let delay = update.step_options.unwrap_or_default().next_attempt_delay_seconds;
        let due = now.plus_seconds(delay);
        retry.next_attempt_delay_seconds = Some(delay);
        step.next_attempt_timestamp = Some(due);
        timer = Some(due);
        operation.status = OperationStatus::Pending;
    } else {
        operation.end_timestamp = Some(now);
    }

    let failed = update.action == OperationAction::Fail || update.error.is_some();
    step.result.clone_from(&update.payload);
    step.error.clone_from(&update.error);
    let event: EventDetails = if failed {
        if update.action == OperationAction::Fail {
            operation.status = OperationStatus::Failed;
        }
        details::StepFailed { error: EventError::new(update.error), retry_details: retry }.into()
    } else {
        if update.action == OperationAction::Succeed {
            operation.status = OperationStatus::Succeeded;
        }
        details::StepSucceeded { result: EventPayload::new(update.payload), retry_details: retry }.into()
    };
    Applied { timer, ..event.into() }
}

pub(super) fn fire(operation: &mut Operation, at: Timestamp) -> Option<Fired> {
    let step = operation.step_details.as_mut()?;
    if operation.status != OperationStatus::Pending || step.next_attempt_timestamp != Some(at) {
        return None;
    }
    step.next_attempt_timestamp = None;
    operation.status = OperationStatus::Ready;
    Some(Fired { event: None })
}
