//! Rebuilds operations from the events of a history, such as one exported from the cloud.

use std::collections::HashMap;

use durabox_model::{
    CallbackDetails, ContextDetails, ErrorObject, Event, EventDetails, EventError, EventPayload, ExecutionDetails,
    Operation, OperationStatus, OperationType, RetryDetails, SmolStr, StepDetails, Timestamp, WaitDetails, sub_type,
};

/// Returns the operations that a history describes, in start order, the EXECUTION operation first
/// with the id `execution_id`.
///
/// Some things are not in a history and show here as they stood before: a step whose retry is due is
/// PENDING, a cancelled chained invoke is STARTED. Whether a succeeded context replays its children is
/// inferred: it does when its result is empty though it has children, and a map or parallel also when
/// its result cannot hold those of its branches (it is shorter than they are together, or one of them
/// replays its own children). Whether all branches have ended says nothing: of most batches whose
/// result is recorded they all have. A flat batch records no branches, so of those the empty result
/// is the only sign.
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
    index: HashMap<SmolStr, usize>,
}

impl Fold {
    fn take(&mut self, event: &Event, execution_id: &str) {
        use OperationStatus::{Cancelled, Failed, Stopped, Succeeded, TimedOut};
        use OperationType::{Callback, ChainedInvoke, Context, Execution, Step, Wait};
        let now = event.event_timestamp;
        match &event.details {
            EventDetails::ExecutionStarted(started) => {
                let operation = self.at(execution_id, Execution, event);
                let input_payload = started.details.input.payload.clone();
                operation.execution_details = Some(Box::new(ExecutionDetails { input_payload }));
            }
            EventDetails::ExecutionSucceeded(_) => self.close(execution_id, event, Succeeded),
            EventDetails::ExecutionFailed(_) => self.close(execution_id, event, Failed),
            EventDetails::ExecutionTimedOut(_) => self.close(execution_id, event, TimedOut),
            EventDetails::ExecutionStopped(_) => self.close(execution_id, event, Stopped),
            EventDetails::ContextStarted(_) => {
                self.operation(Context, event).context_details.get_or_insert_with(ContextDetails::default);
            }
            EventDetails::ContextSucceeded(succeeded) => {
                let operation = self.operation(Context, event);
                end(operation, Succeeded, now);
                operation.context_details = Some(ContextDetails {
                    result: succeeded.details.result.payload.clone(),
                    ..ContextDetails::default()
                });
            }
            EventDetails::ContextFailed(failed) => {
                let operation = self.operation(Context, event);
                end(operation, Failed, now);
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
                self.end_attempt(event, &details.retry_details, Ok(&details.result));
            }
            EventDetails::StepFailed(failed) => {
                let details = &failed.details;
                self.end_attempt(event, &details.retry_details, Err(&details.error));
            }
            EventDetails::WaitStarted(started) => {
                let scheduled_end_timestamp = Some(started.details.scheduled_end_timestamp);
                self.operation(Wait, event).wait_details = Some(WaitDetails { scheduled_end_timestamp });
            }
            EventDetails::WaitSucceeded(_) => end(self.operation(Wait, event), Succeeded, now),
            EventDetails::WaitCancelled(_) => end(self.operation(Wait, event), Cancelled, now),
            EventDetails::CallbackStarted(started) => {
                let callback_id = Some(started.details.callback_id.clone());
                self.operation(Callback, event).callback_details =
                    Some(CallbackDetails { callback_id, ..CallbackDetails::default() }.into());
            }
            EventDetails::CallbackSucceeded(end) => self.end_callback(event, Succeeded, Ok(&end.details.result)),
            EventDetails::CallbackFailed(end) => self.end_callback(event, Failed, Err(&end.details.error)),
            EventDetails::CallbackTimedOut(end) => self.end_callback(event, TimedOut, Err(&end.details.error)),
            EventDetails::ChainedInvokeStarted(_) => {
                self.operation(ChainedInvoke, event).chained_invoke_details = Some(Box::default());
            }
            EventDetails::ChainedInvokeSucceeded(end) => self.end_invoke(event, Succeeded, Ok(&end.details.result)),
            EventDetails::ChainedInvokeFailed(end) => self.end_invoke(event, Failed, Err(&end.details.error)),
            EventDetails::ChainedInvokeTimedOut(end) => self.end_invoke(event, TimedOut, Err(&end.details.error)),
            EventDetails::ChainedInvokeStopped(end) => self.end_invoke(event, Stopped, Err(&end.details.error)),
            EventDetails::InvocationCompleted(_)
            | EventDetails::ExecutionPaused(_)
            | EventDetails::ExecutionResumed(_) => {}
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
                self.index.insert(id.into(), self.operations.len());
                self.operations.push(operation);
                self.operations.len() - 1
            }
        };
        &mut self.operations[index]
    }

    fn close(&mut self, execution_id: &str, event: &Event, status: OperationStatus) {
        end(self.at(execution_id, OperationType::Execution, event), status, event.event_timestamp);
    }

    /// Closes an attempt of a step. One that names the delay to the next leaves the step PENDING:
    /// a failure that is retried, or a poll of a wait_for_condition, whose result is its state.
    fn end_attempt(&mut self, event: &Event, retry: &RetryDetails, outcome: Outcome<'_>) {
        let now = event.event_timestamp;
        let operation = self.operation(OperationType::Step, event);
        let (result, error) = parts(outcome);
        operation.step_details = Some(StepDetails {
            attempt: retry.current_attempt,
            next_attempt_timestamp: retry.next_attempt_delay_seconds.map(|delay| now.plus_seconds(delay)),
            result,
            error,
        });
        if retry.next_attempt_delay_seconds.is_some() {
            operation.status = OperationStatus::Pending;
        } else {
            let status = if outcome.is_ok() { OperationStatus::Succeeded } else { OperationStatus::Failed };
            end(operation, status, now);
        }
    }

    fn end_callback(&mut self, event: &Event, status: OperationStatus, outcome: Outcome<'_>) {
        let operation = self.operation(OperationType::Callback, event);
        let callback = operation.callback_details.get_or_insert_default();
        (callback.result, callback.error) = parts(outcome);
        end(operation, status, event.event_timestamp);
    }

    fn end_invoke(&mut self, event: &Event, status: OperationStatus, outcome: Outcome<'_>) {
        let operation = self.operation(OperationType::ChainedInvoke, event);
        let invoke = operation.chained_invoke_details.get_or_insert_default();
        (invoke.result, invoke.error) = parts(outcome);
        end(operation, status, event.event_timestamp);
    }

    fn infer_replay_children(&mut self) {
        let mut children: HashMap<usize, Children> = HashMap::new();
        // A parent stands before its children, so from the end every context comes after its own.
        for index in (0..self.operations.len()).rev() {
            let of = children.remove(&index).unwrap_or_default();
            let operation = &mut self.operations[index];
            let replays = of.count > 0 && operation.status == OperationStatus::Succeeded && rebuilds(operation, &of);
            if let Some(context) = &mut operation.context_details {
                context.replay_children = replays;
            }
            let size = operation.result().map_or(0, str::len);
            let parent = operation.parent_id.as_ref().and_then(|parent| self.index.get(parent));
            if let Some(parent) = parent {
                let of = children.entry(*parent).or_default();
                of.count += 1;
                if matches!(operation.sub_type.as_deref(), Some(sub_type::MAP_ITERATION | sub_type::PARALLEL_BRANCH)) {
                    of.branch_results += size;
                    of.rebuilt |= replays;
                }
            }
        }
    }
}

/// How an operation ended.
type Outcome<'a> = Result<&'a EventPayload, &'a EventError>;

fn parts(outcome: Outcome<'_>) -> (Option<String>, Option<Box<ErrorObject>>) {
    match outcome {
        Ok(result) => (result.payload.clone(), None),
        Err(error) => (None, error.payload.clone()),
    }
}

/// What is known of the children of one context.
#[derive(Default)]
struct Children {
    count: usize,
    /// Bytes of the results of those that are branches of a batch, together.
    branch_results: usize,
    /// Whether a branch replays its own children.
    rebuilt: bool,
}

/// Whether the recorded result of a succeeded context does not hold what its children returned.
fn rebuilds(context: &Operation, children: &Children) -> bool {
    let size = context.result().map_or(0, str::len);
    let is_batch = matches!(context.sub_type.as_deref(), Some(sub_type::MAP | sub_type::PARALLEL));
    size == 0 || (is_batch && (children.rebuilt || size < children.branch_results))
}

fn end(operation: &mut Operation, status: OperationStatus, now: Timestamp) {
    operation.status = status;
    operation.end_timestamp = Some(now);
}
