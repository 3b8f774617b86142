use serde::Serialize;

use super::{DurableExecution, LocalRunner, Mode, RunError, RunRequest, StartRequest};
use crate::cloud::CloudRunner;

/// Runs a function in the mode that a test was started in; what it has, both modes have.
#[derive(Debug)]
pub struct DurableRunner(Inner);

#[derive(Debug)]
enum Inner {
    Local(Box<LocalRunner>),
    Cloud(Box<CloudRunner>),
}

impl From<LocalRunner> for DurableRunner {
    fn from(runner: LocalRunner) -> Self {
        Self(Inner::Local(Box::new(runner)))
    }
}

impl From<CloudRunner> for DurableRunner {
    fn from(runner: CloudRunner) -> Self {
        Self(Inner::Cloud(Box::new(runner)))
    }
}

impl DurableRunner {
    /// Returns where executions run.
    pub const fn mode(&self) -> Mode {
        match self.0 {
            Inner::Local(_) => Mode::Local,
            Inner::Cloud(_) => Mode::Cloud,
        }
    }

    /// Runs the function on `input` until the execution closes, however it closes.
    pub fn run<I: Serialize + ?Sized>(&self, input: &I) -> RunRequest<'_> {
        match &self.0 {
            Inner::Local(runner) => runner.run(input),
            Inner::Cloud(runner) => runner.run(input),
        }
    }

    /// Starts an execution and returns at once: its callbacks are the test's to answer.
    pub fn start<I: Serialize + ?Sized>(&self, input: &I) -> StartRequest<'_> {
        match &self.0 {
            Inner::Local(runner) => StartRequest::local(runner, input),
            Inner::Cloud(runner) => runner.start(input),
        }
    }

    /// Returns an execution that somebody has started, by its ARN. Only the cloud has executions that
    /// a test has not started.
    pub async fn attach(&self, execution_arn: impl Into<String>) -> Result<DurableExecution, RunError> {
        match &self.0 {
            Inner::Local(_) => Err(RunError::Unsupported {
                what: "attaching to an execution",
                mode: Mode::Local,
                why: "a local execution belongs to the test that started it",
            }),
            Inner::Cloud(runner) => Ok(DurableExecution::of_cloud(runner.attach(execution_arn).await)),
        }
    }

    /// Changes the runner in local mode, such as to put a mock in the place of what the cloud has.
    #[must_use]
    pub fn in_local_mode(self, change: impl FnOnce(LocalRunner) -> LocalRunner) -> Self {
        match self.0 {
            Inner::Local(runner) => change(*runner).into(),
            Inner::Cloud(_) => self,
        }
    }

    /// Changes the runner in cloud mode, such as its poll interval.
    #[must_use]
    pub fn in_cloud_mode(self, change: impl FnOnce(CloudRunner) -> CloudRunner) -> Self {
        match self.0 {
            Inner::Local(_) => self,
            Inner::Cloud(runner) => change(*runner).into(),
        }
    }
}
