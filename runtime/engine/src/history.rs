//! Rebuilds operations from the events of a history, such as one exported from the cloud.

use std::collections::HashMap;

use durabox_model::{
    ContextDetails, Event, EventDetails, ExecutionDetails, Operation, OperationStatus, OperationType, StepDetails,
    Timestamp, WaitDetails,
};

/// Returns the operations that a history describes, in start order, the EXECUTION operation first
/// with the id `execution_id`.
///
/// Two things are not in a history: a step whose retry is due is PENDING here, and a completed
/// context is taken to replay its children when its result is empty though it has some.
pub fn operations(events: &[Event], execution_id: &str) -> Vec<Operation> {
    let mut fold = Fold::default();
    for event in events {
        fold.take(event, execution_id);
    }
    fold.infer_replay_children();
    fold.operations
}

#[derive(Default)]
struct Fold {
    operations: Vec<Operation>,
    index: HashMap<String, usize>,
}

impl Fold {
    fn take(&mut self, event: &Event, execution_id: &str) {
        use OperationType::{Context, Execution, Step, Wait};
        let now = event.event_timestamp;
        match &event.details {
            EventDetails::ExecutionStarted(started) => {
                let operation = self.at(execution_id, Execution, event);
                let input_payload = started.details.input.payload.clone();
                operation.execution_details = Some(ExecutionDetails { input_payload });
            }
            EventDetails::ExecutionSucceeded(_) => self.close(execution_id, event, OperationStatus::Succeeded),
            EventDetails::ExecutionFailed(_) => self.close(execution_id, event, OperationStatus::Failed),
            EventDetails::ExecutionTimedOut(_) => self.close(execution_id, event, OperationStatus::TimedOut),
            EventDetails::ExecutionStopped(_) => self.close(execution_id, event, OperationStatus::Stopped),
            EventDetails::ContextStarted(_) => {
                self.operation(Context, event).context_details.get_or_insert_with(ContextDetails::default);
            }
            EventDetails::ContextSucceeded(succeeded) => {
                let operation = self.operation(Context, event);
                end(operation, OperationStatus::Succeeded, now);
                operation.context_details = Some(ContextDetails {
                    result: succeeded.details.result.payload.clone(),
                    ..ContextDetails::default()
                });
            }
            EventDetails::ContextFailed(failed) => {
                let operation = self.operation(Context, event);
                end(operation, OperationStatus::Failed, now);
                operation.context_details =
                    Some(ContextDetails { error: failed.details.error.payload.clone(), ..ContextDetails::default() });
            }
            EventDetails::StepStarted(_) => {
                let operation = self.operation(Step, event);
                operation.status = OperationStatus::Started;
                operation.step_details.get_or_insert_with(StepDetails::default).next_attempt_timestamp = None;
            }
            EventDetails::StepSucceeded(succeeded) => {
                let details = &succeeded.details;
                let retry = details.retry_details.next_attempt_delay_seconds;
                let operation = self.operation(Step, event);
                operation.step_details = Some(StepDetails {
                    attempt: details.retry_details.current_attempt,
                    next_attempt_timestamp: retry.map(|delay| now.plus_seconds(delay)),
                    result: details.result.payload.clone(),
                    error: None,
                });
                end_attempt(operation, OperationStatus::Succeeded, retry, now);
            }
            EventDetails::StepFailed(failed) => {
                let details = &failed.details;
                let retry = details.retry_details.next_attempt_delay_seconds;
                let operation = self.operation(Step, event);
                operation.step_details = Some(StepDetails {
                    attempt: details.retry_details.current_attempt,
                    next_attempt_timestamp: retry.map(|delay| now.plus_seconds(delay)),
                    result: None,
                    error: details.error.payload.clone(),
                });
                end_attempt(operation, OperationStatus::Failed, retry, now);
            }
            EventDetails::WaitStarted(started) => {
                let scheduled_end_timestamp = Some(started.details.scheduled_end_timestamp);
                self.operation(Wait, event).wait_details = Some(WaitDetails { scheduled_end_timestamp });
            }
            EventDetails::WaitSucceeded(_) => end(self.operation(Wait, event), OperationStatus::Succeeded, now),
            EventDetails::WaitCancelled(_) => end(self.operation(Wait, event), OperationStatus::Cancelled, now),
            EventDetails::InvocationCompleted(_) => {}
        }
    }

    /// Returns the operation that `event` is about, new if it is the first event of it.
    fn operation(&mut self, operation_type: OperationType, event: &Event) -> &mut Operation {
        let id = event.id.clone().unwrap_or_default();
        self.at(&id, operation_type, event)
    }

    fn at(&mut self, id: &str, operation_type: OperationType, event: &Event) -> &mut Operation {
        let index = match self.index.get(id) {
            Some(index) => *index,
            None => {
                let mut operation = Operation::started(id, operation_type, event.event_timestamp);
                operation.parent_id.clone_from(&event.parent_id);
                operation.name.clone_from(&event.name);
                operation.sub_type.clone_from(&event.sub_type);
                self.index.insert(id.to_owned(), self.operations.len());
                self.operations.push(operation);
                self.operations.len() - 1
            }
        };
        &mut self.operations[index]
    }

    fn close(&mut self, execution_id: &str, event: &Event, status: OperationStatus) {
        end(self.at(execution_id, OperationType::Execution, event), status, event.event_timestamp);
    }

    fn infer_replay_children(&mut self) {
        let parents: Vec<usize> = self
            .operations
            .iter()
            .filter_map(|operation| self.index.get(operation.parent_id.as_ref()?).copied())
            .collect();
        for index in parents {
            let operation = &mut self.operations[index];
            let succeeded = operation.status == OperationStatus::Succeeded;
            if let Some(context) = operation.context_details.as_mut().filter(|_| succeeded) {
                context.replay_children = context.result.as_deref().is_none_or(str::is_empty);
            }
        }
    }
}

fn end(operation: &mut Operation, status: OperationStatus, now: Timestamp) {
    operation.status = status;
    operation.end_timestamp = Some(now);
}

fn end_attempt(operation: &mut Operation, status: OperationStatus, retry: Option<u64>, now: Timestamp) {
    match retry {
        Some(_) => operation.status = OperationStatus::Pending,
        None => end(operation, status, now),
    }
}
