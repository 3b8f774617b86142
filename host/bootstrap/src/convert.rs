//! The model's shapes as aws-sdk-lambda has them, and back.

use std::sync::Arc;

use aws_sdk_lambda::error::BuildError;
use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types as aws;
use durabox_runtime::model::{
    CallbackDetails, CallbackOptions, ChainedInvokeDetails, ChainedInvokeOptions, ContextDetails, ContextOptions,
    ErrorObject, ExecutionDetails, Operation, OperationStatus, OperationType, OperationUpdate, StepDetails,
    StepOptions, Timestamp, WaitDetails, WaitOptions,
};

/// A word of the service's that this version does not know.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation {id} has the {what} {word:?}, which this version of durabox does not know")]
pub(crate) struct Unknown {
    id: String,
    what: &'static str,
    word: String,
}

/// Returns an update as it is sent.
pub(crate) fn update(update: OperationUpdate) -> Result<aws::OperationUpdate, BuildError> {
    let wait = |WaitOptions { wait_seconds }| aws::WaitOptions::builder().wait_seconds(seconds(wait_seconds)).build();
    aws::OperationUpdate::builder()
        .id(update.id)
        .set_parent_id(update.parent_id.map(Into::into))
        .set_name(update.name.map(Into::into))
        .r#type(update.operation_type.as_str().into())
        .set_sub_type(update.sub_type.map(Into::into))
        .action(action(update.action))
        .set_payload(update.payload)
        .set_error(update.error.map(|sent| error(*sent)))
        .set_context_options(update.context_options.map(context_options))
        .set_step_options(update.step_options.map(step_options))
        .set_wait_options(update.wait_options.map(wait))
        .set_callback_options(update.callback_options.map(callback_options))
        .set_chained_invoke_options(
            update.chained_invoke_options.map(|options| chained_invoke_options(*options)).transpose()?,
        )
        .build()
}

fn action(action: durabox_runtime::model::OperationAction) -> aws::OperationAction {
    use durabox_runtime::model::OperationAction as Action;
    match action {
        Action::Start => aws::OperationAction::Start,
        Action::Succeed => aws::OperationAction::Succeed,
        Action::Fail => aws::OperationAction::Fail,
        Action::Retry => aws::OperationAction::Retry,
        Action::Cancel => aws::OperationAction::Cancel,
    }
}

fn error(error: ErrorObject) -> aws::ErrorObject {
    aws::ErrorObject::builder()
        .set_error_message(error.error_message)
        .set_error_type(error.error_type)
        .set_error_data(error.error_data)
        .set_stack_trace((!error.stack_trace.is_empty()).then_some(error.stack_trace))
        .build()
}

fn context_options(options: ContextOptions) -> aws::ContextOptions {
    aws::ContextOptions::builder().replay_children(options.replay_children).build()
}

fn step_options(options: StepOptions) -> aws::StepOptions {
    aws::StepOptions::builder().next_attempt_delay_seconds(seconds(options.next_attempt_delay_seconds)).build()
}

fn callback_options(options: CallbackOptions) -> aws::CallbackOptions {
    aws::CallbackOptions::builder()
        .timeout_seconds(seconds(options.timeout_seconds))
        .heartbeat_timeout_seconds(seconds(options.heartbeat_timeout_seconds))
        .build()
}

fn chained_invoke_options(options: ChainedInvokeOptions) -> Result<aws::ChainedInvokeOptions, BuildError> {
    aws::ChainedInvokeOptions::builder()
        .function_name(options.function_name)
        .set_tenant_id(options.tenant_id)
        .set_x_amzn_trace_id(options.x_amzn_trace_id)
        .build()
}

/// Returns seconds as the wire has them; the engine has refused more than fit.
fn seconds(seconds: u64) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

/// Returns operations as they were received.
pub(crate) fn operations(operations: Vec<aws::Operation>) -> Result<Vec<Arc<Operation>>, Unknown> {
    operations.into_iter().map(|received| operation(received).map(Arc::new)).collect()
}

fn operation(received: aws::Operation) -> Result<Operation, Unknown> {
    let (operation_type, status) = (known_type(&received)?, known_status(&received)?);
    Ok(Operation {
        id: received.id.into(),
        parent_id: received.parent_id.map(Into::into),
        name: received.name.map(Into::into),
        operation_type,
        sub_type: received.sub_type.map(Into::into),
        start_timestamp: timestamp(received.start_timestamp),
        end_timestamp: received.end_timestamp.map(timestamp),
        status,
        execution_details: received
            .execution_details
            .map(|details| ExecutionDetails { input_payload: details.input_payload }.into()),
        context_details: received.context_details.map(|details| ContextDetails {
            replay_children: details.replay_children.unwrap_or_default(),
            result: details.result,
            error: details.error.map(received_error),
        }),
        step_details: received.step_details.map(|details| StepDetails {
            attempt: u32::try_from(details.attempt).unwrap_or_default(),
            next_attempt_timestamp: details.next_attempt_timestamp.map(timestamp),
            result: details.result,
            error: details.error.map(received_error),
        }),
        wait_details: received
            .wait_details
            .map(|details| WaitDetails { scheduled_end_timestamp: details.scheduled_end_timestamp.map(timestamp) }),
        callback_details: received.callback_details.map(|details| {
            let error = details.error.map(received_error);
            CallbackDetails { callback_id: details.callback_id, result: details.result, error }.into()
        }),
        chained_invoke_details: received.chained_invoke_details.map(|details| {
            let error = details.error.map(received_error);
            ChainedInvokeDetails { result: details.result, error }.into()
        }),
    })
}

fn known_type(operation: &aws::Operation) -> Result<OperationType, Unknown> {
    Ok(match &operation.r#type {
        aws::OperationType::Execution => OperationType::Execution,
        aws::OperationType::Context => OperationType::Context,
        aws::OperationType::Step => OperationType::Step,
        aws::OperationType::Wait => OperationType::Wait,
        aws::OperationType::Callback => OperationType::Callback,
        aws::OperationType::ChainedInvoke => OperationType::ChainedInvoke,
        other => return Err(unknown(operation, "type", other.as_str())),
    })
}

fn known_status(operation: &aws::Operation) -> Result<OperationStatus, Unknown> {
    Ok(match &operation.status {
        aws::OperationStatus::Started => OperationStatus::Started,
        aws::OperationStatus::Pending => OperationStatus::Pending,
        aws::OperationStatus::Ready => OperationStatus::Ready,
        aws::OperationStatus::Succeeded => OperationStatus::Succeeded,
        aws::OperationStatus::Failed => OperationStatus::Failed,
        aws::OperationStatus::Cancelled => OperationStatus::Cancelled,
        aws::OperationStatus::TimedOut => OperationStatus::TimedOut,
        aws::OperationStatus::Stopped => OperationStatus::Stopped,
        other => return Err(unknown(operation, "status", other.as_str())),
    })
}

fn unknown(operation: &aws::Operation, what: &'static str, word: &str) -> Unknown {
    Unknown { id: operation.id.clone(), what, word: word.to_owned() }
}

fn received_error(error: aws::ErrorObject) -> Box<ErrorObject> {
    Box::new(ErrorObject {
        error_message: error.error_message,
        error_type: error.error_type,
        error_data: error.error_data,
        stack_trace: error.stack_trace.unwrap_or_default(),
    })
}

fn timestamp(time: DateTime) -> Timestamp {
    Timestamp::from_millis(time.to_millis().ok().and_then(|millis| u64::try_from(millis).ok()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received() -> aws::builders::OperationBuilder {
        aws::Operation::builder()
            .id("a")
            .r#type(aws::OperationType::Step)
            .status(aws::OperationStatus::Pending)
            .start_timestamp(DateTime::from_millis(1_767_225_600_123))
    }

    #[test]
    fn timestamps_keep_their_milliseconds() {
        let operation = operation(received().build().expect("an operation")).expect("known words");
        assert_eq!(operation.start_timestamp, Timestamp::from_millis(1_767_225_600_123));
        assert_eq!(operation.status, OperationStatus::Pending);
    }

    #[test]
    fn a_word_that_is_not_known_is_named_with_its_operation() {
        let paused = received().status("PAUSED".into()).build().expect("an operation");
        let error = operation(paused).expect_err("an unknown status").to_string();
        assert!(error.starts_with("operation a has the status \"PAUSED\""), "{error}");
    }
}
