use std::sync::Arc;

use durabox_model::{
    ErrorObject, EventError, EventPayload, ExecutionStatus, InvocationInput, InvocationOutput, InvocationStatus,
    OperationStatus, OperationType, Timestamp, details,
};

use super::execution::RunningInvocation;
use super::{Effect, Execution, InvalidOutput, InvocationEnd, Metering, operation};

/// How often Lambda lets a function answer PENDING with nothing pending before it fails the execution.
const MAX_EMPTY_SUSPENSIONS: u32 = 3;

impl Execution {
    /// Returns the next thing the driver must do at `now`.
    pub fn poll_effect(&mut self, now: Timestamp) -> Option<Effect> {
        if self.announce_close && self.invocation.is_none() {
            self.announce_close = false;
            return Some(Effect::Closed);
        }
        if self.status != ExecutionStatus::Running || self.invocation.is_some() || !self.wake {
            return None;
        }
        self.wake = false;
        self.invocation_count += 1;
        self.tokens.begin_invocation();
        // The whole state goes with the invocation, so there is nothing left to be told.
        self.unseen.clear();
        let page = self.page(0, self.config.page_size);
        let updated = std::mem::take(&mut self.updated);
        let request_id = request_id(&self.operations[0].id, self.invocation_count);
        self.invocation = Some(RunningInvocation { request_id: request_id.clone(), start: now, is_revoked: false });
        Some(Effect::Invoke {
            request_id,
            input: InvocationInput {
                durable_execution_arn: self.arn.clone(),
                checkpoint_token: self.tokens.current().to_owned(),
                operations: page.operations,
                next_marker: page.next_marker,
                updated_operation_ids: updated.iter().map(|index| self.operations[*index].id.clone()).collect(),
            },
        })
    }

    /// Takes the end of the running invocation. Without one it does nothing.
    pub fn complete_invocation(&mut self, end: InvocationEnd, now: Timestamp) {
        let Some(invocation) = self.invocation.take() else { return };
        let stopped_meanwhile = matches!(self.status, ExecutionStatus::TimedOut | ExecutionStatus::Stopped);
        if stopped_meanwhile {
            return;
        }
        let error = match &end {
            InvocationEnd::Crashed(error) => Some(error.clone()),
            InvocationEnd::Answered(_) => None,
        };
        let is_revoked = invocation.is_revoked;
        self.record_invocation(invocation, error, now);
        if self.status.is_terminal() {
            // An EXECUTION checkpoint closed it; what the function answered besides does not matter.
            self.record_close(now);
            return;
        }
        match end {
            _ if is_revoked => {}
            InvocationEnd::Crashed(error) => self.take_crash(error, now),
            InvocationEnd::Answered(output) => {
                self.crashes = 0;
                match check_output(&output, self.config.max_result_bytes) {
                    Ok(InvocationStatus::Succeeded) => {
                        self.close(ExecutionStatus::Succeeded, output.result, None, now);
                    }
                    Ok(InvocationStatus::Failed) => {
                        self.close(ExecutionStatus::Failed, None, Some(output.error.unwrap_or_default()), now);
                    }
                    Ok(InvocationStatus::Pending) => self.take_suspension(now),
                    Err(invalid) => self.fail_output(invalid, now),
                }
            }
        }
        if self.status == ExecutionStatus::Pausing {
            self.take_pause(now);
        }
    }

    /// Takes the loss of the running invocation's host, which is no fault of the function's: it is
    /// invoked again, and no retry is counted. Without an invocation it does nothing.
    pub fn interrupt_invocation(&mut self, error: ErrorObject, now: Timestamp) {
        let Some(invocation) = self.invocation.take() else { return };
        if self.status.is_terminal() {
            return;
        }
        self.record_invocation(invocation, Some(error), now);
        self.wake = true;
        if self.status == ExecutionStatus::Pausing {
            self.take_pause(now);
        }
    }

    fn record_invocation(&mut self, invocation: RunningInvocation, error: Option<ErrorObject>, now: Timestamp) {
        self.record_execution(
            details::InvocationCompleted {
                start_timestamp: invocation.start,
                end_timestamp: now,
                request_id: invocation.request_id,
                error: error.map(|error| EventError::new(Some(error))),
            },
            now,
        );
    }

    /// Fires every timer due at `now`.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.fire_timers(|at| at <= now, now);
    }

    /// Fires every timer that was due before `now`: what arrives at the instant of a timer is in time.
    pub(super) fn fire_before(&mut self, now: Timestamp) {
        self.fire_timers(|at| at < now, now);
    }

    fn fire_timers(&mut self, is_due: impl Fn(Timestamp) -> bool, now: Timestamp) {
        while let Some((at, index)) = self.timers.pop_if(&is_due) {
            if index == 0 {
                if at < self.deadline {
                    // Armed before a pause moved the deadline.
                    continue;
                }
                let message = format!("Execution timed out after {} seconds.", self.config.execution_timeout_seconds);
                let error = ErrorObject::new("Execution.Timeout", message);
                self.close(ExecutionStatus::TimedOut, None, Some(error), now);
                return;
            }
            if self.operations[index].operation_type == OperationType::Callback {
                self.fire_callback(index, at, now);
            } else if let Some(fired) = self.change(index, |operation| operation::fire(operation, at, now)) {
                self.moved(index, fired.event, now);
            }
        }
    }

    /// Stops the execution from outside. A second stop changes nothing.
    pub fn stop(&mut self, error: Option<ErrorObject>, now: Timestamp) {
        if !self.status.is_terminal() {
            self.close(ExecutionStatus::Stopped, None, Some(error.unwrap_or_default()), now);
        }
    }

    fn take_crash(&mut self, error: ErrorObject, now: Timestamp) {
        self.crashes += 1;
        if self.crashes > self.config.max_crash_retries {
            self.close(ExecutionStatus::Failed, None, Some(error), now);
        } else {
            self.meter(Metering { operations: 1, ..Metering::of_data(None, Some(&error)) });
            // Whatever woke the crashed invocation is seen by the next one.
            self.wake = true;
        }
    }

    fn take_suspension(&mut self, now: Timestamp) {
        debug_assert_eq!(self.pending, self.operations.iter().filter(|one| operation::is_pending(one)).count());
        if self.wake || self.pending > 0 {
            self.empty_suspensions = 0;
            return;
        }
        self.empty_suspensions += 1;
        if self.empty_suspensions < MAX_EMPTY_SUSPENSIONS {
            self.wake = true;
        } else {
            self.fail_output(InvalidOutput::NothingPending, now);
        }
    }

    fn fail_output(&mut self, invalid: InvalidOutput, now: Timestamp) {
        let error = ErrorObject::new("InvalidParameterValueException", invalid.to_string());
        self.close(ExecutionStatus::Failed, None, Some(error), now);
    }

    fn close(&mut self, status: ExecutionStatus, result: Option<String>, error: Option<ErrorObject>, now: Timestamp) {
        self.settle(status, result, error, now);
        self.record_close(now);
    }

    /// Closes the execution without the closing event, which follows the invocation's.
    pub(super) fn settle(
        &mut self,
        status: ExecutionStatus,
        result: Option<String>,
        error: Option<ErrorObject>,
        now: Timestamp,
    ) {
        self.meter(Metering::of_data(result.as_deref(), error.as_ref()));
        self.status = status;
        self.result = result;
        self.error = error;
        self.end = Some(now);
        self.pause = None;
        self.wake = false;
        self.announce_close = true;
        self.timers.clear();
        self.callbacks.clear();
        self.dirty.push(0);
        let operation = Arc::make_mut(&mut self.operations[0]);
        operation.end_timestamp = Some(now);
        operation.status = match status {
            ExecutionStatus::Running | ExecutionStatus::Pausing | ExecutionStatus::Paused => OperationStatus::Started,
            ExecutionStatus::Succeeded => OperationStatus::Succeeded,
            ExecutionStatus::Failed => OperationStatus::Failed,
            ExecutionStatus::TimedOut => OperationStatus::TimedOut,
            ExecutionStatus::Stopped => OperationStatus::Stopped,
        };
    }

    fn record_close(&mut self, now: Timestamp) {
        let error = || EventError::new(self.error.clone());
        match self.status {
            ExecutionStatus::Running | ExecutionStatus::Pausing | ExecutionStatus::Paused => {}
            ExecutionStatus::Succeeded => {
                let result = EventPayload::new(self.result.clone());
                self.record_execution(details::ExecutionSucceeded { result }, now);
            }
            ExecutionStatus::Failed => self.record_execution(details::ExecutionFailed { error: error() }, now),
            ExecutionStatus::TimedOut => {
                self.record_execution(details::ExecutionTimedOut { error: Some(error()) }, now);
            }
            ExecutionStatus::Stopped => self.record_execution(details::ExecutionStopped { error: error() }, now),
        }
    }
}

fn check_output(output: &InvocationOutput, limit: usize) -> Result<InvocationStatus, InvalidOutput> {
    let size = output.result.as_ref().map_or(0, String::len);
    match output.status {
        Some(InvocationStatus::Succeeded) if output.error.is_some() => Err(InvalidOutput::ErrorOnSucceeded),
        Some(InvocationStatus::Failed) if output.result.is_some() => Err(InvalidOutput::ResultOnFailed),
        Some(InvocationStatus::Succeeded) if size > limit => Err(InvalidOutput::ResultTooLarge { size, limit }),
        Some(status) => Ok(status),
        None => Err(InvalidOutput::InvalidStatus),
    }
}

/// Returns the request id of an invocation: the execution's id, its last group replaced by the count.
fn request_id(execution_id: &str, invocation: u64) -> String {
    match execution_id.rsplit_once('-') {
        Some((head, tail)) if tail.len() == 12 => format!("{head}-{invocation:012x}"),
        _ => format!("{execution_id}-{invocation}"),
    }
}
