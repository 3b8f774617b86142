use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use durabox_model::{CallbackOptions, ErrorObject, MAX_CALLBACK_RESULT_SIZE, MAX_PAYLOAD_SIZE, Operation, Timestamp};
use serde::{Deserialize, Serialize};

use super::operation::callback::{self, CallbackEnd};
use super::{CallbackError, Execution};

/// Returns the id under which the callback `operation_id` of an execution is answered: base64 of the
/// execution's ARN and the operation's id, at most 1024 characters for any ARN of Lambda's pattern.
pub(super) fn callback_id(execution_arn: &str, operation_id: &str) -> String {
    BASE64.encode(format!("{execution_arn}/{operation_id}"))
}

/// Returns the ARN of the execution that a callback id belongs to, if it is an id of this service.
pub fn callback_execution_arn(callback_id: &str) -> Option<String> {
    decode(callback_id).map(|(arn, _)| arn)
}

fn decode(callback_id: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64.decode(callback_id).ok()?).ok()?;
    let (arn, operation_id) = text.rsplit_once('/')?;
    (!arn.is_empty() && !operation_id.is_empty()).then(|| (arn.to_owned(), operation_id.to_owned()))
}

/// The deadlines of a callback that nobody has answered yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OpenCallback {
    /// When it times out, whatever heartbeats come.
    timeout: Option<Timestamp>,
    /// When it times out unless a heartbeat comes first.
    heartbeat: Option<Timestamp>,
    /// How long it may stay silent, seconds.
    heartbeat_seconds: u64,
}

impl OpenCallback {
    /// Returns the deadlines of a callback that opens `now`; 0 seconds is none.
    pub(super) fn new(options: &CallbackOptions, now: Timestamp) -> Self {
        let due = |seconds| (seconds > 0).then(|| now.plus_seconds(seconds));
        Self {
            timeout: due(options.timeout_seconds),
            heartbeat: due(options.heartbeat_timeout_seconds),
            heartbeat_seconds: options.heartbeat_timeout_seconds,
        }
    }

    /// Returns the error of the deadline `at`, if it is still one. The total timeout wins a tie.
    fn timed_out(&self, at: Timestamp) -> Option<ErrorObject> {
        if self.timeout == Some(at) {
            Some(ErrorObject::new("Callback.Timeout", "Callback timed out"))
        } else if self.heartbeat == Some(at) {
            Some(ErrorObject::new("Callback.Heartbeat", "Callback timed out on heartbeat"))
        } else {
            None
        }
    }
}

impl Execution {
    /// Answers a callback with `result`, JSON text. An answer at the very instant of a deadline is in time.
    pub fn succeed_callback(
        &mut self,
        callback_id: &str,
        result: Option<String>,
        now: Timestamp,
    ) -> Result<(), CallbackError> {
        let size = result.as_ref().map_or(0, String::len);
        if size > MAX_CALLBACK_RESULT_SIZE {
            return Err(CallbackError::ResultTooLarge { size });
        }
        let index = self.find_open_callback(callback_id, now)?;
        self.end_callback(index, CallbackEnd::Succeeded(result), now);
        Ok(())
    }

    /// Answers a callback with a failure. An answer at the very instant of a deadline is in time.
    pub fn fail_callback(
        &mut self,
        callback_id: &str,
        error: ErrorObject,
        now: Timestamp,
    ) -> Result<(), CallbackError> {
        let size = error.size();
        if size > MAX_PAYLOAD_SIZE {
            return Err(CallbackError::ErrorTooLarge { size });
        }
        let index = self.find_open_callback(callback_id, now)?;
        self.end_callback(index, CallbackEnd::Failed(error), now);
        Ok(())
    }

    /// Starts the heartbeat timeout of a callback anew; its total timeout stands. Leaves no event.
    pub fn heartbeat_callback(&mut self, callback_id: &str, now: Timestamp) -> Result<(), CallbackError> {
        let index = self.find_open_callback(callback_id, now)?;
        if let Some(open) = self.callbacks.get_mut(&index).filter(|open| open.heartbeat.is_some()) {
            let due = now.plus_seconds(open.heartbeat_seconds);
            open.heartbeat = Some(due);
            self.timers.arm(due, index);
        }
        Ok(())
    }

    /// Returns the callbacks that nobody has answered yet, in start order; none of a closed execution.
    pub fn open_callbacks(&self) -> impl Iterator<Item = &Arc<Operation>> {
        self.callbacks.keys().map(|index| &self.operations[*index])
    }

    /// Keeps the deadlines of the callback at `index`, which has just started or is restored.
    pub(super) fn keep_open_callback(&mut self, index: usize, open: OpenCallback) {
        for due in [open.timeout, open.heartbeat].into_iter().flatten() {
            self.timers.arm(due, index);
        }
        self.callbacks.insert(index, open);
    }

    /// Returns the open callback that `callback_id` names, once every earlier timer has fired.
    fn find_open_callback(&mut self, callback_id: &str, now: Timestamp) -> Result<usize, CallbackError> {
        let index = decode(callback_id)
            .filter(|(arn, _)| *arn == self.arn)
            .and_then(|(_, operation_id)| self.index.get(operation_id.as_str()).copied())
            // An operation of another type may have the id; it has no callback id.
            .filter(|index| self.operations[*index].callback_details.is_some())
            .ok_or_else(|| CallbackError::NotFound {
                callback_id: callback_id.to_owned(),
                execution_arn: self.arn.clone(),
            })?;
        self.fire_before(now);
        if self.callbacks.contains_key(&index) {
            return Ok(index);
        }
        let operation = &self.operations[index];
        let name = operation.name.as_ref().unwrap_or(&operation.id).to_string();
        Err(match (operation.end_timestamp, self.end) {
            (Some(end), _) => CallbackError::Closed { name, status: operation.status, end },
            (None, end) => {
                let end = end.expect("a callback is open until it ends or its execution closes");
                CallbackError::ExecutionClosed { name, status: self.status, end }
            }
        })
    }

    fn end_callback(&mut self, index: usize, end: CallbackEnd, now: Timestamp) {
        self.callbacks.remove(&index);
        self.meter(end.metering());
        let event = self.change(index, |operation| callback::end(operation, end, now));
        self.moved(index, Some(event), now);
    }

    /// Fires a callback's timer that was armed for `at`, unless the callback has been answered or a
    /// heartbeat has come since.
    pub(super) fn fire_callback(&mut self, index: usize, at: Timestamp, now: Timestamp) {
        let error = self.callbacks.get(&index).and_then(|open| open.timed_out(at));
        if let Some(error) = error {
            self.end_callback(index, CallbackEnd::TimedOut(error), now);
        }
    }
}
