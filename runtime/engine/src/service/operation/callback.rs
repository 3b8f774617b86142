use durabox_model::{
    ErrorObject, EventDetails, EventError, EventPayload, MAX_CALLBACK_TIMEOUT_SECONDS, Operation, OperationAction,
    OperationStatus, OperationUpdate, Timestamp, details,
};

use super::{Applied, CheckpointError};
use crate::service::Metering;
use crate::service::callback::OpenCallback;

/// Decides what `update` does to a callback. Lambda: START once; the rest comes from outside.
pub(super) fn next(
    current: Option<OperationStatus>,
    update: &OperationUpdate,
) -> Result<OperationStatus, CheckpointError> {
    match (current, update.action) {
        (None, OperationAction::Start) => {
            let options = update.callback_options.clone().unwrap_or_default();
            check_timeout("TimeoutSeconds", options.timeout_seconds)?;
            check_timeout("HeartbeatTimeoutSeconds", options.heartbeat_timeout_seconds)?;
            Ok(OperationStatus::Started)
        }
        (Some(_), OperationAction::Start) => Err(CheckpointError::CallbackExists),
        (_, _) => Err(CheckpointError::InvalidCallbackAction),
    }
}

fn check_timeout(what: &'static str, seconds: u64) -> Result<(), CheckpointError> {
    match seconds {
        0..=MAX_CALLBACK_TIMEOUT_SECONDS => Ok(()),
        _ => Err(CheckpointError::TimeoutOutOfRange(what, seconds)),
    }
}

/// Applies a START. The execution has put the callback id into the details, since it holds the ARN.
pub(super) fn apply(operation: &mut Operation, update: &OperationUpdate, now: Timestamp) -> Applied {
    let options = update.callback_options.clone().unwrap_or_default();
    let given = |seconds| (seconds > 0).then_some(seconds);
    let event = details::CallbackStarted {
        callback_id: operation.callback_details.get_or_insert_default().callback_id.clone().unwrap_or_default(),
        timeout: given(options.timeout_seconds),
        heartbeat_timeout: given(options.heartbeat_timeout_seconds),
    };
    Applied { callback: Some(OpenCallback::new(&options, now)), ..Applied::from(EventDetails::from(event)) }
}

/// How a callback ends.
pub(in crate::service) enum CallbackEnd {
    Succeeded(Option<String>),
    Failed(ErrorObject),
    TimedOut(ErrorObject),
}

impl CallbackEnd {
    pub(in crate::service) fn metering(&self) -> Metering {
        match self {
            Self::Succeeded(result) => Metering::of_data(result.as_deref(), None),
            Self::Failed(error) | Self::TimedOut(error) => Metering::of_data(None, Some(error)),
        }
    }
}

/// Ends a callback that is STARTED, and returns the event.
pub(in crate::service) fn end(operation: &mut Operation, end: CallbackEnd, now: Timestamp) -> EventDetails {
    let callback = operation.callback_details.get_or_insert_default();
    operation.end_timestamp = Some(now);
    match end {
        CallbackEnd::Succeeded(result) => {
            operation.status = OperationStatus::Succeeded;
            callback.result.clone_from(&result);
            details::CallbackSucceeded { result: EventPayload::new(result) }.into()
        }
        CallbackEnd::Failed(error) => {
            operation.status = OperationStatus::Failed;
            callback.error = Some(error.clone().into());
            details::CallbackFailed { error: EventError::new(Some(error)) }.into()
        }
        CallbackEnd::TimedOut(error) => {
            operation.status = OperationStatus::TimedOut;
            callback.error = Some(error.clone().into());
            details::CallbackTimedOut { error: EventError::new(Some(error)) }.into()
        }
    }
}
