//! Runs handlers in tests: built by name, in virtual time, checked by shadow replay.

mod artifacts;
mod result;

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use durabox_runtime::ArtifactError;
use durabox_runtime::local::{self, LocalError, RunOptions};
use durabox_runtime::sandbox::{Policy, Preopen};
use durabox_runtime::verify::Recorded;
use serde::Serialize;

use crate::handlers::BuildError;
use crate::render::divergence::{Compared, diagnose};
use crate::workspace::WorkspaceError;

pub use result::{OutputError, TestResult};

/// Runs one handler locally, as often as a test likes.
///
/// A handler is built once in a process. Each run is of its own: nothing is kept between them,
/// and the same seed and input give the same execution.
#[derive(Clone, Debug)]
pub struct LocalRunner {
    handler: HandlerRef,
    options: RunOptions,
}

#[derive(Clone, Debug)]
enum HandlerRef {
    Name(String),
    Path(PathBuf),
}

impl LocalRunner {
    /// Returns a runner of the handler of this name: a binary of a package of this workspace that
    /// depends on `durabox-sdk`. The first run builds it.
    pub fn new(handler: impl Into<String>) -> Self {
        let handler = handler.into();
        let function_name = handler.rsplit(':').next().unwrap_or_default().to_owned();
        Self { handler: HandlerRef::Name(handler), options: RunOptions { function_name, ..RunOptions::default() } }
    }

    /// Returns a runner of a component that is already built.
    pub fn from_artifact(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let options = RunOptions { function_name: stem.unwrap_or_default(), ..RunOptions::default() };
        Self { handler: HandlerRef::Path(path), options }
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

    /// Changes any of the options.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut RunOptions)) -> Self {
        change(&mut self.options);
        self
    }

    /// Runs the handler on `input` until the execution closes, however it closes.
    ///
    /// A success that the shadow replay cannot follow is an error, which says where it left.
    pub async fn run<I: Serialize + ?Sized>(&self, input: &I) -> Result<TestResult, RunError> {
        let input = serde_json::to_string(input).map_err(RunError::Input)?;
        self.run_json(&input).await
    }

    /// Runs the handler on JSON text.
    pub async fn run_json(&self, input: &str) -> Result<TestResult, RunError> {
        let sandbox = artifacts::sandbox()?;
        let artifact = match &self.handler {
            HandlerRef::Name(name) => artifacts::by_name(name)?,
            HandlerRef::Path(path) => artifacts::by_path(path)?,
        };
        let run = local::run(sandbox, &artifact, input, self.options.clone(), None).await?;
        let recorded = Recorded::from(&run);
        if let Some(shadow) = &run.shadow {
            let sources = artifacts::sources();
            if let Some(diagnosis) = diagnose(&recorded, shadow, Compared::Shadow, &sources) {
                let text = diagnosis.text("shadow replay").replace("--no-shadow-replay", "without_shadow_replay()");
                return Err(RunError::Divergence(text));
            }
        }
        Ok(TestResult::new(run, recorded))
    }

    /// Runs the handler in a test that is not async.
    pub fn run_blocking<I: Serialize + ?Sized>(&self, input: &I) -> Result<TestResult, RunError> {
        block_on(self.run(input))?
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> Result<T, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Runtime)?;
    Ok(runtime.block_on(future))
}

/// Why there is no result. An execution that failed is a result.
#[derive(thiserror::Error)]
pub enum RunError {
    /// The handler was not found.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The handler could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The artifact cannot be run.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The run could not be made.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The input cannot be written as JSON.
    #[error("the input cannot be written as JSON: {0}")]
    Input(serde_json::Error),
    /// The handler is not deterministic.
    #[error("{0}")]
    Divergence(String),
    /// No async runtime could be made.
    #[error("no async runtime: {0}")]
    Runtime(std::io::Error),
    /// An earlier run in this process could not build the handler.
    #[error("{0}")]
    Repeated(String),
}

/// Writes what a person reads: this is what a test's `expect` prints.
impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let hints = match self {
            Self::Workspace(error) => error.hints(),
            Self::Build(error) => error.hints(),
            Self::Artifact(error) => error.hint().map(str::to_owned).into_iter().collect(),
            _ => Vec::new(),
        };
        for hint in hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
