use durabox_model::{
    EventDetails, EventError, EventPayload, MAX_FUNCTION_NAME_LENGTH, Operation, OperationAction, OperationStatus,
    OperationUpdate, Timestamp, details, parse_function_name,
};

use super::{Applied, CheckpointError};
use crate::service::{ChainedInvoke, ChainedInvokeEnd};

/// Decides what `update` does to a chained invoke. Lambda: START once, CANCEL only while STARTED.
pub(super) fn next(
    current: Option<OperationStatus>,
    update: &OperationUpdate,
) -> Result<OperationStatus, CheckpointError> {
    use {OperationAction as Action, OperationStatus as Status};
    match (current, update.action) {
        (None, Action::Start) => {
            let options = update.chained_invoke_options.as_ref().ok_or(CheckpointError::MissingChainedInvokeOptions)?;
            check_function_name(&options.function_name)?;
            Ok(Status::Started)
        }
        (Some(_), Action::Start) => Err(CheckpointError::InvokeExists),
        (Some(Status::Started), Action::Cancel) => Ok(Status::Cancelled),
        (_, Action::Cancel) => Err(CheckpointError::InvokeNotCancellable),
        (_, Action::Succeed | Action::Fail | Action::Retry) => Err(CheckpointError::InvalidInvokeAction),
    }
}

fn check_function_name(name: &str) -> Result<(), CheckpointError> {
    match name.chars().count() {
        1..=MAX_FUNCTION_NAME_LENGTH if parse_function_name(name).is_some() => Ok(()),
        1..=MAX_FUNCTION_NAME_LENGTH => Err(CheckpointError::MalformedFunctionName(name.to_owned())),
        length => Err(CheckpointError::InvalidFunctionName(length)),
    }
}

pub(super) fn apply(operation: &mut Operation, update: OperationUpdate, now: Timestamp) -> Applied {
    if update.action == OperationAction::Cancel {
        // Lambda has no event for it.
        operation.status = OperationStatus::Cancelled;
        operation.end_timestamp = Some(now);
        return Applied::default();
    }
    let options = update.chained_invoke_options.unwrap_or_default();
    operation.chained_invoke_details = Some(Box::default());
    let event = details::ChainedInvokeStarted {
        function_name: options.function_name.clone(),
        tenant_id: options.tenant_id.clone(),
        input: Some(EventPayload::new(update.payload.clone())),
        executed_version: None,
        durable_execution_arn: None,
    };
    let chained_invoke = ChainedInvoke {
        operation_id: update.id,
        function_name: options.function_name,
        tenant_id: options.tenant_id,
        x_amzn_trace_id: options.x_amzn_trace_id,
        payload: update.payload,
    };
    Applied { chained_invoke: Some(chained_invoke), ..Applied::from(EventDetails::from(event)) }
}

/// Ends a chained invoke that is STARTED, and returns the event.
pub(in crate::service) fn end(operation: &mut Operation, end: ChainedInvokeEnd, now: Timestamp) -> EventDetails {
    let invoke = operation.chained_invoke_details.get_or_insert_default();
    operation.end_timestamp = Some(now);
    let (status, error) = match end {
        ChainedInvokeEnd::Succeeded(result) => {
            operation.status = OperationStatus::Succeeded;
            invoke.result.clone_from(&result);
            return details::ChainedInvokeSucceeded { result: EventPayload::new(result) }.into();
        }
        ChainedInvokeEnd::Failed(error) => (OperationStatus::Failed, error),
        ChainedInvokeEnd::TimedOut(error) => (OperationStatus::TimedOut, error),
        ChainedInvokeEnd::Stopped(error) => (OperationStatus::Stopped, error),
    };
    operation.status = status;
    invoke.error = Some(error.clone().into());
    let error = EventError::new(Some(error));
    match status {
        OperationStatus::TimedOut => details::ChainedInvokeTimedOut { error }.into(),
        OperationStatus::Stopped => details::ChainedInvokeStopped { error }.into(),
        _ => details::ChainedInvokeFailed { error }.into(),
    }
}
