use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use durabox_runtime::engine::history;
use durabox_runtime::local::{CallbackSelector, ControlError, InvocationRecord, OpenCallback};
use durabox_runtime::model::{
    ErrorObject, Event, EventDetails, ExecutionStatus, Operation, OperationStatus, OperationType, sub_type,
};
use durabox_runtime::verify::Recorded;
use serde::Serialize;

use super::client::{CloudClient, Description, Pauses};
use super::error::Place;
use super::{CloudError, metering};
use crate::runner::{RunError, TestResult};

/// An execution in the cloud, while it runs or after.
#[derive(Debug)]
pub struct CloudExecution {
    client: CloudClient,
    arn: String,
    timeout: Duration,
    /// Whether it was just started, and may not be known everywhere yet.
    is_new: bool,
}

/// What a result of the cloud adds to its record.
#[derive(Debug)]
pub(crate) struct CloudDetails {
    pub(crate) function: String,
    pub(crate) place: Place,
    pub(crate) invocations: Vec<InvocationRecord>,
}

impl CloudDetails {
    /// Returns the command that shows what the function printed.
    pub(crate) fn logs(&self) -> String {
        self.place.logs(&self.function)
    }
}

impl CloudExecution {
    pub(super) const fn new(client: CloudClient, arn: String, timeout: Duration, is_new: bool) -> Self {
        Self { client, arn, timeout, is_new }
    }

    /// Waits this long for the execution, or for a callback.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns the execution's ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Asks where the execution stands.
    pub async fn status(&self) -> Result<ExecutionStatus, CloudError> {
        let described = self.client.describe(&self.arn).await;
        Ok(described.map_err(|failure| self.client.status_error(&self.arn, failure))?.status)
    }

    /// Waits until a callback of this name or id is open. `*` in the name stands for any text; a
    /// callback inside a `wait_for_callback` goes by that one's name too.
    pub async fn wait_for_callback(&self, callback: impl Into<CallbackSelector>) -> Result<OpenCallback, RunError> {
        let callback = callback.into();
        let mut pauses = Pauses::new(self.client.poll, self.timeout);
        loop {
            let events = match self.client.history(&self.arn).await {
                Ok(events) => events,
                Err(error) => {
                    let cause = error.cause();
                    let appears = self.is_new && cause == Some(super::Cause::NotFound) && pauses.may_appear();
                    match appears || cause.is_some_and(super::Cause::is_transient) {
                        true => Vec::new(),
                        false => return Err(error.into()),
                    }
                }
            };
            let callbacks = callbacks(&events, &self.client.function);
            let meant = |one: &&Callback| callback.matches(&one.open.id, one.open.name.as_deref());
            if let Some(found) = callbacks.iter().filter(|one| one.is_open).find(meant) {
                return Ok(found.open.clone());
            }
            let started = || callbacks.iter().map(|one| one.open.title().to_owned()).collect();
            if let Some(status) = events.last().and_then(|event| closed(&event.details)) {
                return Err(RunError::NoCallback { asked: callback.as_str().to_owned(), status, started: started() });
            }
            if !pauses.pause().await {
                let error = CloudError::CallbackTimeout {
                    asked: callback.as_str().to_owned(),
                    limit: pauses.limit(),
                    elapsed: pauses.elapsed(),
                    started: started(),
                };
                return Err(error.into());
            }
        }
    }

    /// Ends a callback with a result, which is sent as JSON; by the callback's id or its name.
    pub async fn send_callback_success<T: Serialize + ?Sized>(
        &self,
        callback: impl Into<CallbackSelector>,
        result: &T,
    ) -> Result<(), RunError> {
        let result = serde_json::to_string(result).map_err(|error| RunError::Value(error.to_string()))?;
        self.send_callback_payload(callback, Some(result)).await
    }

    /// Ends a callback with these bytes as its result, as they are; `None` is an empty body.
    pub async fn send_callback_payload(
        &self,
        callback: impl Into<CallbackSelector>,
        result: Option<String>,
    ) -> Result<(), RunError> {
        Ok(self.client.succeed(&self.id(callback.into()).await?, result).await?)
    }

    /// Ends a callback with an error.
    pub async fn send_callback_failure(
        &self,
        callback: impl Into<CallbackSelector>,
        error: ErrorObject,
    ) -> Result<(), RunError> {
        Ok(self.client.fail(&self.id(callback.into()).await?, &error).await?)
    }

    /// Starts the heartbeat timeout of a callback anew.
    pub async fn send_callback_heartbeat(&self, callback: impl Into<CallbackSelector>) -> Result<(), RunError> {
        Ok(self.client.heartbeat(&self.id(callback.into()).await?).await?)
    }

    /// Stops the execution: it is STOPPED at once, with this error.
    pub async fn stop(&self, error: Option<ErrorObject>) -> Result<(), RunError> {
        Ok(self.client.stop(&self.arn, error.as_ref()).await?)
    }

    /// Waits for the execution's end, and reads its history.
    pub async fn wait_for_result(self) -> Result<TestResult, RunError> {
        let description = self.client.wait(&self.arn, self.timeout, self.is_new).await?;
        let events = self.whole_history().await?;
        Ok(self.result(description, events))
    }

    /// Returns the execution as it stands, open or closed.
    pub async fn snapshot(self) -> Result<TestResult, CloudError> {
        let description = self.client.describe(&self.arn).await;
        let description = description.map_err(|failure| self.client.status_error(&self.arn, failure))?;
        let events = match description.status.is_terminal() {
            true => self.whole_history().await?,
            false => self.client.history(&self.arn).await?,
        };
        Ok(self.result(description, events))
    }

    /// Reads the history; one without its end, which was asked for too early, is asked for again.
    async fn whole_history(&self) -> Result<Vec<Event>, CloudError> {
        const ATTEMPTS: usize = 5;
        let mut pauses = Pauses::new(self.client.poll, self.timeout);
        let mut attempt = 1;
        loop {
            let events = self.client.history(&self.arn).await;
            let is_whole = match &events {
                Ok(events) => events.last().is_some_and(|event| closed(&event.details).is_some()),
                Err(error) => !error.cause().is_some_and(super::Cause::is_transient),
            };
            if is_whole || attempt == ATTEMPTS || !pauses.pause().await {
                return events;
            }
            attempt += 1;
        }
    }

    fn result(self, description: Description, events: Vec<Event>) -> TestResult {
        let execution_id = self.arn.rsplit('/').next().unwrap_or_default();
        let mut operations = history::operations(&events, execution_id);
        if let Some(execution) = operations.first_mut().filter(|one| one.operation_type == OperationType::Execution) {
            execution.start_timestamp = description.start;
            execution.end_timestamp = description.end;
        }
        let recorded = Recorded {
            function_name: super::error::function_of(&self.arn).unwrap_or(&self.client.function).to_owned(),
            durable_execution_arn: self.arn,
            status: description.status,
            input_payload: description.input,
            result: description.result,
            error: description.error,
            operations: operations.into_iter().map(Arc::new).collect(),
            events,
            sites: HashMap::new(),
        };
        let details = CloudDetails {
            function: self.client.function,
            place: self.client.place,
            invocations: invocations(&recorded.events),
        };
        let metering = metering(&recorded.events);
        TestResult::of_cloud(recorded, metering, details)
    }

    /// Returns the id of the callback that is meant: the first that is open, else the last that was.
    async fn id(&self, callback: CallbackSelector) -> Result<String, RunError> {
        // Ids are base64 of some length.
        let text = callback.as_str();
        let is_id = text.len() > 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
        if is_id {
            return Ok(text.to_owned());
        }
        let events = self.client.history(&self.arn).await?;
        let callbacks = callbacks(&events, &self.client.function);
        let meant = |one: &&Callback| callback.matches(&one.open.id, one.open.name.as_deref());
        let open = callbacks.iter().filter(|one| one.is_open).find(meant);
        match open.or_else(|| callbacks.iter().rev().find(meant)) {
            Some(found) => Ok(found.open.id.clone()),
            None => {
                let started = callbacks.iter().map(|one| one.open.title().to_owned()).collect();
                Err(ControlError::Unknown { asked: text.to_owned(), started }.into())
            }
        }
    }
}

/// A callback of a history.
struct Callback {
    open: OpenCallback,
    is_open: bool,
}

/// Returns the callbacks of a history, in start order.
fn callbacks(events: &[Event], function: &str) -> Vec<Callback> {
    let operations = history::operations(events, "");
    let around = |operation: &Operation| {
        let context = operations.iter().find(|one| Some(&one.id) == operation.parent_id.as_ref())?;
        let is_wait = context.sub_type.as_deref() == Some(sub_type::WAIT_FOR_CALLBACK);
        is_wait.then(|| context.name.clone()).flatten()
    };
    let started = events.iter().filter_map(|event| match &event.details {
        EventDetails::CallbackStarted(started) => Some((event, &started.details)),
        _ => None,
    });
    let callbacks = started.filter_map(|(event, details)| {
        let operation = operations.iter().find(|operation| Some(&operation.id) == event.id.as_ref())?;
        let due = |seconds: Option<u64>| seconds.map(|seconds| event.event_timestamp.plus_seconds(seconds));
        let open = OpenCallback {
            id: details.callback_id.clone(),
            name: around(operation).or_else(|| operation.name.clone()).map(Into::into),
            function_name: function.to_owned(),
            start: event.event_timestamp,
            timeout: due(details.timeout),
            heartbeat_timeout: due(details.heartbeat_timeout),
            site: None,
        };
        Some(Callback { open, is_open: operation.status == OperationStatus::Started })
    });
    callbacks.collect()
}

/// Returns how an execution closed, of the event that closes it.
const fn closed(details: &EventDetails) -> Option<ExecutionStatus> {
    match details {
        EventDetails::ExecutionSucceeded(_) => Some(ExecutionStatus::Succeeded),
        EventDetails::ExecutionFailed(_) => Some(ExecutionStatus::Failed),
        EventDetails::ExecutionTimedOut(_) => Some(ExecutionStatus::TimedOut),
        EventDetails::ExecutionStopped(_) => Some(ExecutionStatus::Stopped),
        _ => None,
    }
}

/// Returns the invocations that a history tells of. What they printed is in CloudWatch.
fn invocations(events: &[Event]) -> Vec<InvocationRecord> {
    let completed = events.iter().filter_map(|event| match &event.details {
        EventDetails::InvocationCompleted(completed) => Some(&completed.details),
        _ => None,
    });
    let records = completed.zip(1..).map(|(details, number)| InvocationRecord {
        number,
        request_id: details.request_id.clone(),
        start: details.start_timestamp,
        end: details.end_timestamp,
        logs: Vec::new(),
        crash: details.error.as_ref().map(|error| error.payload.as_deref().cloned().unwrap_or_default()),
    });
    records.collect()
}
