use std::time::Duration;

use durabox_runtime::local::{CallbackSelector, OpenCallback};
use durabox_runtime::model::ErrorObject;
use serde::Serialize;

use super::request::within;
use super::{Mode, RunError, RunningExecution, TestResult};
use crate::cloud::CloudExecution;

/// An execution that was started, in either mode.
///
/// A local one goes on only while one of its methods is awaited, and its time stands still while a
/// callback is open that is not answered. One in the cloud goes on by itself.
#[derive(Debug)]
pub struct DurableExecution {
    inner: Inner,
    /// Of the wait for a callback or for the result, of a local execution.
    limit: Option<Duration>,
}

#[derive(Debug)]
enum Inner {
    Local(Box<RunningExecution>),
    Cloud(Box<CloudExecution>),
}

impl DurableExecution {
    pub(super) fn of_local(running: RunningExecution, limit: Option<Duration>) -> Self {
        Self { inner: Inner::Local(Box::new(running)), limit }
    }

    pub(super) fn of_cloud(execution: CloudExecution) -> Self {
        Self { inner: Inner::Cloud(Box::new(execution)), limit: None }
    }

    /// Returns where it runs.
    pub const fn mode(&self) -> Mode {
        match self.inner {
            Inner::Local(_) => Mode::Local,
            Inner::Cloud(_) => Mode::Cloud,
        }
    }

    /// Waits until a callback of this name or id is open. `*` in the name stands for any text; a
    /// callback inside a `wait_for_callback` goes by that one's name too.
    pub async fn wait_for_callback(&mut self, callback: impl Into<CallbackSelector>) -> Result<OpenCallback, RunError> {
        match &mut self.inner {
            Inner::Local(running) => within(self.limit, running.wait_for_callback(callback)).await,
            Inner::Cloud(execution) => execution.wait_for_callback(callback).await,
        }
    }

    /// Ends a callback with a result, which is sent as JSON; by the callback's id or its name.
    pub async fn send_callback_success<T: Serialize + ?Sized>(
        &mut self,
        callback: impl Into<CallbackSelector>,
        result: &T,
    ) -> Result<(), RunError> {
        match &mut self.inner {
            Inner::Local(running) => running.send_callback_success(callback, result).await,
            Inner::Cloud(execution) => execution.send_callback_success(callback, result).await,
        }
    }

    /// Ends a callback with these bytes as its result, as they are; `None` is an empty body.
    pub async fn send_callback_payload(
        &mut self,
        callback: impl Into<CallbackSelector>,
        result: Option<String>,
    ) -> Result<(), RunError> {
        match &mut self.inner {
            Inner::Local(running) => running.send_callback_payload(callback, result).await,
            Inner::Cloud(execution) => execution.send_callback_payload(callback, result).await,
        }
    }

    /// Ends a callback with an error.
    pub async fn send_callback_failure(
        &mut self,
        callback: impl Into<CallbackSelector>,
        error: ErrorObject,
    ) -> Result<(), RunError> {
        match &mut self.inner {
            Inner::Local(running) => running.send_callback_failure(callback, error).await,
            Inner::Cloud(execution) => execution.send_callback_failure(callback, error).await,
        }
    }

    /// Starts the heartbeat timeout of a callback anew.
    pub async fn send_callback_heartbeat(&mut self, callback: impl Into<CallbackSelector>) -> Result<(), RunError> {
        match &mut self.inner {
            Inner::Local(running) => running.send_callback_heartbeat(callback).await,
            Inner::Cloud(execution) => execution.send_callback_heartbeat(callback).await,
        }
    }

    /// Stops the execution: it is STOPPED at once, with this error.
    pub async fn stop(&mut self, error: Option<ErrorObject>) -> Result<(), RunError> {
        match &mut self.inner {
            Inner::Local(running) => running.stop(error).await,
            Inner::Cloud(execution) => execution.stop(error).await,
        }
    }

    /// Waits for the execution's end, however it ends. Callbacks without an answer run into their
    /// timeouts.
    pub async fn wait_for_result(self) -> Result<TestResult, RunError> {
        match self.inner {
            Inner::Local(running) => within(self.limit, running.wait_for_result()).await,
            Inner::Cloud(execution) => execution.wait_for_result().await,
        }
    }

    /// Returns the local execution, which can do more.
    pub fn into_local(self) -> Option<RunningExecution> {
        match self.inner {
            Inner::Local(running) => Some(*running),
            Inner::Cloud(_) => None,
        }
    }

    /// Returns the execution in the cloud, which has an ARN.
    pub fn into_cloud(self) -> Option<CloudExecution> {
        match self.inner {
            Inner::Local(_) => None,
            Inner::Cloud(execution) => Some(*execution),
        }
    }
}
