//! Runs handlers in tests: built by name, in virtual time, checked by shadow replay; or, behind the
//! same interface, functions that are deployed.

mod artifacts;
mod durable;
mod error;
mod execution;
mod functions;
mod mode;
mod operations;
pub(crate) mod refusal;
mod request;
mod result;
mod running;

use std::future::{Future, IntoFuture};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use durabox_runtime::Artifact;
use durabox_runtime::local::{self, CallbackAnswer, CallbackSelector, Fault, MockCall, RunOptions};
use durabox_runtime::model::ErrorObject;
use durabox_runtime::sandbox::{Policy, Preopen, StepCall};
use serde::Serialize;

use crate::siblings::is_component;

pub use durable::DurableRunner;
pub use error::RunError;
pub use execution::DurableExecution;
pub use mode::Mode;
pub use operations::OperationNode;
pub use request::{RunRequest, StartRequest};
pub use result::{OutputError, TestResult};
pub use running::RunningExecution;

/// Runs one handler locally, as often as a test likes.
///
/// A handler is built once in a process. Each run is of its own: nothing is kept between them,
/// and the same seed and input give the same execution.
#[derive(Clone, Debug)]
pub struct LocalRunner {
    handler: HandlerRef,
    options: RunOptions,
    /// Handlers for chained invokes, by the name that they are invoked by.
    functions: Vec<(String, HandlerRef)>,
    /// Why a value that was given cannot be written as JSON; the run says so.
    unwritable: Option<String>,
}

/// A handler by its name, which is built, or a component by its path.
#[derive(Clone, Debug)]
enum HandlerRef {
    Name(String),
    Path(PathBuf),
}

impl HandlerRef {
    fn parse(text: &str) -> Self {
        if is_component(text) { Self::Path(PathBuf::from(text)) } else { Self::Name(text.to_owned()) }
    }

    fn load(&self) -> Result<Artifact, RunError> {
        match self {
            Self::Name(name) => artifacts::by_name(name),
            Self::Path(path) => Ok(artifacts::by_path(path)?),
        }
    }
}

impl LocalRunner {
    /// Returns a runner of the handler of this name: a binary of a package of this workspace that
    /// depends on `durabox-sdk`. The first run builds it.
    pub fn new(handler: impl Into<String>) -> Self {
        let handler = handler.into();
        let function_name = handler.rsplit(':').next().unwrap_or_default().to_owned();
        Self::of(HandlerRef::Name(handler), function_name)
    }

    /// Returns a runner of a component that is already built.
    pub fn from_artifact(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Self::of(HandlerRef::Path(path), stem.unwrap_or_default())
    }

    fn of(handler: HandlerRef, function_name: String) -> Self {
        let options = RunOptions { function_name, ..RunOptions::default() };
        Self { handler, options, functions: Vec::new(), unwritable: None }
    }

    /// Names the execution; 1 to 64 characters of `[a-zA-Z0-9-_]`.
    #[must_use]
    pub fn with_execution_name(self, name: impl Into<String>) -> Self {
        self.configure(|options| options.execution_name = Some(name.into()))
    }

    /// Decides ids, jitter and the random numbers that the handler sees; 0 by default.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        self.configure(|options| options.seed = seed)
    }

    /// Says what reading a clock or a random number between operations does.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        self.configure(|options| options.policy = policy)
    }

    /// Lets waits really wait.
    #[must_use]
    pub fn with_real_time(self) -> Self {
        self.configure(|options| options.real_time = true)
    }

    /// Ends the execution as TIMED_OUT after this time; whole seconds, rounded up, at most 366 days.
    #[must_use]
    pub fn with_execution_timeout(self, timeout: Duration) -> Self {
        let seconds = timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0);
        self.configure(|options| options.execution_timeout_seconds = seconds)
    }

    /// Cuts an invocation off after this time.
    #[must_use]
    pub fn with_invocation_timeout(self, timeout: Duration) -> Self {
        self.configure(|options| options.timeout = timeout)
    }

    /// Limits the handler's memory, bytes.
    #[must_use]
    pub fn with_memory_limit(self, bytes: u64) -> Self {
        self.configure(|options| options.memory_limit = bytes)
    }

    /// Lets the handler's steps send requests to a host: `api.example.com`, `localhost:8080`,
    /// `*.example.com` or `*`.
    ///
    /// # Panics
    ///
    /// If the text is none of these; it says why.
    #[must_use]
    #[track_caller]
    pub fn with_allowed_host(self, host: impl AsRef<str>) -> Self {
        match host.as_ref().parse() {
            Ok(host) => self.configure(|options| options.allowed_hosts.push(host)),
            Err(error) => panic!("{error}"),
        }
    }

    /// Lets the handler's steps see a directory.
    #[must_use]
    pub fn with_preopen(self, preopen: Preopen) -> Self {
        self.configure(|options| options.preopens.push(preopen))
    }

    /// Sets a variable of the handler's environment, which is empty otherwise.
    #[must_use]
    pub fn with_environment(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.configure(|options| options.environment.push((name.into(), value.into())))
    }

    /// Hands the state out in pages of this many operations.
    #[must_use]
    pub fn with_page_size(self, operations: usize) -> Self {
        self.configure(|options| options.page_size = operations)
    }

    /// Leaves out the replay that checks a success for determinism.
    #[must_use]
    pub fn without_shadow_replay(self) -> Self {
        self.configure(|options| options.shadow_replay = false)
    }

    /// Answers a callback; each answer is used once, in the order in which they are given.
    #[must_use]
    pub fn with_callback(self, answer: CallbackAnswer) -> Self {
        self.configure(|options| options.callbacks.push(answer))
    }

    /// Ends a callback with a result as soon as it is open. `callback` is a name, in which `*`
    /// stands for any text; a callback inside a `wait_for_callback` goes by that one's name.
    #[must_use]
    pub fn with_callback_success<T: Serialize + ?Sized>(
        mut self,
        callback: impl Into<CallbackSelector>,
        result: &T,
    ) -> Self {
        let result = self.json(result);
        self.with_callback(CallbackAnswer::success(callback, Some(result)))
    }

    /// Ends a callback with an error as soon as it is open.
    #[must_use]
    pub fn with_callback_failure(self, callback: impl Into<CallbackSelector>, error: ErrorObject) -> Self {
        self.with_callback(CallbackAnswer::failure(callback, error))
    }

    /// Sends a callback a heartbeat this long after it started; its next answers follow.
    #[must_use]
    pub fn with_callback_heartbeat(self, callback: impl Into<CallbackSelector>, after: Duration) -> Self {
        self.with_callback(CallbackAnswer::heartbeat(callback).after(after))
    }

    /// Lets chained invokes of `function` (a name, `name:qualifier` or an ARN) run a handler: its
    /// name in this workspace, or the path of a component.
    ///
    /// Handlers of the workspace are found by their own names without this.
    #[must_use]
    pub fn with_function(mut self, function: impl Into<String>, handler: impl AsRef<str>) -> Self {
        self.functions.push((function.into(), HandlerRef::parse(handler.as_ref())));
        self
    }

    /// Answers chained invokes of `function` with a result, in a plain function's place.
    #[must_use]
    pub fn with_mock<T: Serialize + ?Sized>(mut self, function: impl AsRef<str>, result: &T) -> Self {
        let result = self.json(result);
        self.configure(|options| options.functions.add_result(function.as_ref(), result))
    }

    /// Answers chained invokes of `function` with an error.
    #[must_use]
    pub fn with_mock_error(self, function: impl AsRef<str>, error: ErrorObject) -> Self {
        self.configure(|options| options.functions.add_error(function.as_ref(), error))
    }

    /// Answers chained invokes of `function` with what `mock` returns: a result, JSON text, or an error.
    #[must_use]
    pub fn with_mock_fn(
        self,
        function: impl AsRef<str>,
        mock: impl Fn(&MockCall) -> Result<Option<String>, ErrorObject> + Send + Sync + 'static,
    ) -> Self {
        self.configure(|options| options.functions.add_mock(function.as_ref(), mock))
    }

    /// Puts a result in the place of a step's body, by the step's name; its body does not run.
    #[must_use]
    pub fn with_step_mock<T: Serialize + ?Sized>(mut self, step: impl Into<String>, result: &T) -> Self {
        let result = self.json(result);
        self.with_step_mock_fn(step, move |_| Ok(Some(result.clone())))
    }

    /// Lets a step fail with an error, by its name; its body does not run, and its retry strategy is
    /// not asked.
    #[must_use]
    pub fn with_step_mock_error(self, step: impl Into<String>, error: ErrorObject) -> Self {
        self.with_step_mock_fn(step, move |_| Err(error.clone()))
    }

    /// Puts what `mock` returns in the place of a step's body: a result, JSON text, or an error.
    #[must_use]
    pub fn with_step_mock_fn(
        self,
        step: impl Into<String>,
        mock: impl Fn(StepCall<'_>) -> Result<Option<String>, ErrorObject> + Send + Sync + 'static,
    ) -> Self {
        self.configure(|options| options.step_mocks.push((step.into(), Arc::new(mock))))
    }

    /// Lets something go wrong, once in each run: a checkpoint that fails, is lost or takes long, or a
    /// crash in a step.
    #[must_use]
    pub fn with_fault(self, fault: Fault) -> Self {
        self.configure(|options| options.faults.push(fault))
    }

    /// Changes any of the options.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut RunOptions)) -> Self {
        change(&mut self.options);
        self
    }

    fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> String {
        serde_json::to_string(value).unwrap_or_else(|error| {
            self.unwritable.get_or_insert(error.to_string());
            String::new()
        })
    }

    /// Runs the handler on `input` until the execution closes, however it closes.
    ///
    /// A success that the shadow replay cannot follow is an error, which says where it left.
    pub fn run<I: Serialize + ?Sized>(&self, input: &I) -> RunRequest<'_> {
        RunRequest::local(self, input)
    }

    /// Runs the handler on JSON text.
    pub async fn run_json(&self, input: &str) -> Result<TestResult, RunError> {
        self.run_named(input.to_owned(), None).await
    }

    async fn run_named(&self, input: String, execution_name: Option<String>) -> Result<TestResult, RunError> {
        let (artifact, options) = self.prepare(execution_name)?;
        let run = local::run(artifacts::sandbox()?, &artifact, &input, options, None).await?;
        TestResult::of_local(run, artifact.sha256())
    }

    /// Starts an execution whose callbacks the test answers by hand.
    ///
    /// Nothing runs until the first of its methods is awaited. Virtual time stands still while a
    /// callback is open that has no answer yet.
    pub async fn start<I: Serialize + ?Sized>(&self, input: &I) -> Result<RunningExecution, RunError> {
        self.start_json(serde_json::to_string(input).map_err(RunError::Input)?, None)
    }

    fn start_json(&self, input: String, execution_name: Option<String>) -> Result<RunningExecution, RunError> {
        let (artifact, options) = self.prepare(execution_name)?;
        Ok(RunningExecution::new(artifacts::sandbox()?, artifact, input, options))
    }

    /// Loads the handler and those that it may invoke.
    fn prepare(&self, execution_name: Option<String>) -> Result<(Artifact, RunOptions), RunError> {
        if let Some(problem) = &self.unwritable {
            return Err(RunError::Value(problem.clone()));
        }
        let mut options = self.options.clone();
        options.execution_name = execution_name.or(options.execution_name);
        for (function, handler) in &self.functions {
            options.functions.add_handler(function, handler.load()?);
        }
        if !options.functions.has_resolver() {
            options.functions.set_resolver(functions::resolver(&self.handler));
        }
        Ok((self.handler.load()?, options))
    }

    /// Runs the handler in a test that is not async.
    pub fn run_blocking<I: Serialize + ?Sized>(&self, input: &I) -> Result<TestResult, RunError> {
        block_on(self.run(input).into_future())?
    }
}

/// Returns why there is no handler of this name, such as in a project that has none.
pub(crate) fn handler_problem(name: &str) -> Option<String> {
    match HandlerRef::parse(name) {
        HandlerRef::Name(name) => artifacts::find(&name).err().map(|error| error.to_string()),
        HandlerRef::Path(path) => (!path.is_file()).then(|| format!("no component {}", path.display())),
    }
}

/// Runs a future to its end in a test that is not async.
pub fn block_on<T>(future: impl Future<Output = T>) -> Result<T, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Runtime)?;
    Ok(runtime.block_on(future))
}
