//! A run or a start that is asked for: awaited as it is, or with a time limit or a name first.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;

use super::{DurableExecution, LocalRunner, RunError, TestResult};
use crate::cloud::CloudRunner;

/// Who runs it.
#[derive(Clone, Copy, Debug)]
enum Target<'a> {
    Local(&'a LocalRunner),
    Cloud(&'a CloudRunner),
}

#[derive(Debug)]
struct Request<'a> {
    target: Target<'a>,
    /// JSON text.
    input: Result<String, RunError>,
    timeout: Option<Duration>,
    name: Option<String>,
}

impl<'a> Request<'a> {
    fn new<I: Serialize + ?Sized>(target: Target<'a>, input: &I) -> Self {
        Self { target, input: serde_json::to_string(input).map_err(RunError::Input), timeout: None, name: None }
    }

    async fn start(self) -> Result<DurableExecution, RunError> {
        let input = self.input?;
        match self.target {
            Target::Local(runner) => {
                let running = runner.start_json(input, self.name)?;
                Ok(DurableExecution::of_local(running, self.timeout))
            }
            Target::Cloud(runner) => {
                let execution = runner.start_json(input, self.name).await?;
                Ok(DurableExecution::of_cloud(match self.timeout {
                    Some(timeout) => execution.with_timeout(timeout),
                    None => execution,
                }))
            }
        }
    }

    async fn run(self) -> Result<TestResult, RunError> {
        match self.target {
            Target::Local(runner) => {
                let run = runner.run_named(self.input?, self.name);
                within(self.timeout, run).await
            }
            Target::Cloud(_) => self.start().await?.wait_for_result().await,
        }
    }
}

/// Gives a local run up after a time limit, if there is one.
pub(super) async fn within<T>(
    limit: Option<Duration>,
    run: impl Future<Output = Result<T, RunError>>,
) -> Result<T, RunError> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, run).await.map_err(|_| RunError::Timeout(limit))?,
        None => run.await,
    }
}

macro_rules! request {
    ($(#[$meta:meta])* $name:ident awaits $output:ident by $method:ident) => {
        $(#[$meta])*
        #[derive(Debug)]
        #[must_use = "nothing runs until it is awaited"]
        pub struct $name<'a>(Request<'a>);

        impl<'a> $name<'a> {
            pub(crate) fn local<I: Serialize + ?Sized>(runner: &'a LocalRunner, input: &I) -> Self {
                Self(Request::new(Target::Local(runner), input))
            }

            pub(crate) fn cloud<I: Serialize + ?Sized>(runner: &'a CloudRunner, input: &I) -> Self {
                Self(Request::new(Target::Cloud(runner), input))
            }

            /// Gives up after this time on the wall; 60 seconds in the cloud unless its runner says
            /// otherwise, and for ever in a local run, which takes none for waits.
            pub fn timeout(mut self, limit: Duration) -> Self {
                self.0.timeout = Some(limit);
                self
            }

            /// Names the execution; 1 to 64 characters of `[a-zA-Z0-9-_]`.
            ///
            /// In the cloud a name that was used with the same input is the execution that it was
            /// given to, and with another input it is refused.
            pub fn execution_name(mut self, name: impl Into<String>) -> Self {
                self.0.name = Some(name.into());
                self
            }
        }

        impl<'a> IntoFuture for $name<'a> {
            type Output = Result<$output, RunError>;
            type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.0.$method())
            }
        }
    };
}

request! {
    /// A run to the execution's end, which begins when it is awaited.
    RunRequest awaits TestResult by run
}

request! {
    /// The start of an execution, which begins when it is awaited and ends at once.
    StartRequest awaits DurableExecution by start
}
