use std::future::Future;
use std::pin::Pin;

use durabox_runtime::local::{
    self, CallbackSelector, ControlError, Controls, LocalError, OpenCallback, Run, RunOptions,
};
use durabox_runtime::model::ErrorObject;
use durabox_runtime::{Artifact, Sandbox};
use serde::Serialize;

use super::{RunError, TestResult};

type Running = Pin<Box<dyn Future<Output = Result<Run, LocalError>> + Send>>;

/// An execution whose callbacks a test answers by hand.
///
/// It goes on only while one of its methods is awaited, on the test's own task. Virtual time stands
/// still while a callback is open that is not answered; [`RunningExecution::wait_for_result`] lets
/// it go on.
pub struct RunningExecution {
    controls: Controls,
    state: State,
    /// The artifact's SHA-256.
    artifact: String,
}

impl std::fmt::Debug for RunningExecution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunningExecution")
            .field("is_over", &matches!(self.state, State::Over(_)))
            .finish_non_exhaustive()
    }
}

enum State {
    Running(Running),
    Over(Box<Run>),
    /// The run could not be made, and somebody has been told why.
    Failed,
}

impl RunningExecution {
    pub(super) fn new(sandbox: &'static Sandbox, artifact: Artifact, input: String, options: RunOptions) -> Self {
        let (controls, commands) = local::controls();
        let sha256 = artifact.sha256().to_owned();
        let running = async move { local::run_controlled(sandbox, &artifact, &input, options, None, commands).await };
        Self { controls, state: State::Running(Box::pin(running)), artifact: sha256 }
    }

    /// Lets the execution go on until a callback of this name or id is open, and nothing else can
    /// go on. `*` in the name stands for any text.
    ///
    /// Time passes for waits and retries meanwhile, but not past the timeout of another callback
    /// that is open.
    pub async fn wait_for_callback(&mut self, callback: impl Into<CallbackSelector>) -> Result<OpenCallback, RunError> {
        let callback = callback.into();
        let asked = callback.as_str().to_owned();
        match self.control(async |controls| controls.wait_for_callback(callback).await).await {
            Err(RunError::Callback(ControlError::Over)) => Err(self.never_started(asked)),
            other => other,
        }
    }

    /// Ends a callback with a result, which is sent as JSON; by the callback's id or its name.
    pub async fn send_callback_success<T: Serialize + ?Sized>(
        &mut self,
        callback: impl Into<CallbackSelector>,
        result: &T,
    ) -> Result<(), RunError> {
        let result = serde_json::to_string(result).map_err(|error| RunError::Value(error.to_string()))?;
        self.send_callback_payload(callback, Some(result)).await
    }

    /// Ends a callback with these bytes as its result, as they are; `None` is an empty body.
    pub async fn send_callback_payload(
        &mut self,
        callback: impl Into<CallbackSelector>,
        result: Option<String>,
    ) -> Result<(), RunError> {
        self.answer(callback.into(), async |controls, callback| controls.succeed(callback, result).await).await
    }

    /// Ends a callback with an error.
    pub async fn send_callback_failure(
        &mut self,
        callback: impl Into<CallbackSelector>,
        error: ErrorObject,
    ) -> Result<(), RunError> {
        self.answer(callback.into(), async |controls, callback| controls.fail(callback, error).await).await
    }

    /// Starts the heartbeat timeout of a callback anew.
    pub async fn send_callback_heartbeat(&mut self, callback: impl Into<CallbackSelector>) -> Result<(), RunError> {
        self.answer(callback.into(), async |controls, callback| controls.heartbeat(callback).await).await
    }

    /// Lets time go on while this callback is open, to its timeout if it has one.
    pub async fn release_callback(&mut self, callback: impl Into<CallbackSelector>) -> Result<(), RunError> {
        self.answer(callback.into(), async |controls, callback| controls.release(callback).await).await
    }

    /// Stops the execution when nothing is ready to run: it is STOPPED at once, with this error.
    pub async fn stop(&mut self, error: Option<ErrorObject>) -> Result<(), RunError> {
        self.control(async |controls| controls.stop(error).await).await
    }

    /// Returns what answers callbacks from elsewhere, such as a server of the test. While it lives,
    /// open callbacks hold the clock in [`RunningExecution::wait_for_result`] too.
    pub fn controls(&self) -> Controls {
        self.controls.clone()
    }

    /// Runs the execution to its end; callbacks without an answer run into their timeouts.
    pub async fn wait_for_result(self) -> Result<TestResult, RunError> {
        drop(self.controls);
        match self.state {
            State::Running(running) => TestResult::of_local(running.await?, &self.artifact),
            State::Over(run) => TestResult::of_local(*run, &self.artifact),
            State::Failed => Err(RunError::Callback(ControlError::Over)),
        }
    }

    /// Sends an answer; after the run, says what became of the callback.
    async fn answer(
        &mut self,
        callback: CallbackSelector,
        send: impl AsyncFnOnce(Controls, CallbackSelector) -> Result<(), ControlError>,
    ) -> Result<(), RunError> {
        let selector = callback.clone();
        match self.control(async |controls| send(controls, callback).await).await {
            Err(RunError::Callback(ControlError::Over)) => Err(match &self.state {
                State::Over(run) => run.late_answer(&selector).into(),
                State::Running(_) | State::Failed => ControlError::Over.into(),
            }),
            other => other,
        }
    }

    /// Lets the run go on until a command is answered. The command goes first whenever both can go
    /// on, so that a test decides what happens next.
    async fn control<T>(
        &mut self,
        command: impl AsyncFnOnce(Controls) -> Result<T, ControlError>,
    ) -> Result<T, RunError> {
        let mut command = std::pin::pin!(command(self.controls.clone()));
        if let State::Running(running) = &mut self.state {
            let run = tokio::select! {
                biased;
                answer = &mut command => return Ok(answer?),
                run = running => run,
            };
            self.state = State::Failed;
            self.state = State::Over(Box::new(run?));
        }
        Ok(command.await?)
    }

    fn never_started(&self, asked: String) -> RunError {
        match &self.state {
            State::Over(run) => {
                RunError::NoCallback { asked, status: run.execution.status(), started: run.callback_names() }
            }
            State::Running(_) | State::Failed => ControlError::Over.into(),
        }
    }
}
