use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use durabox_model::{MAX_EXECUTION_TIMEOUT_SECONDS, Timestamp};

use super::{CallbackAnswer, Fault, Functions, StepMock};
use crate::sandbox::{AllowedHost, InvokeOptions, LogLine, Policy, Preopen, RandomSource};

/// Called as a run goes on, from the thread that runs it.
pub type Observer = Arc<dyn Fn(Progress<'_>) + Send + Sync>;

/// What a run is doing.
#[derive(Debug)]
pub enum Progress<'a> {
    /// An invocation begins.
    Invocation {
        /// The function.
        function: &'a str,
        /// From 1, of its execution.
        number: u64,
        /// The run's time.
        now: Timestamp,
    },
    /// A checkpoint was acknowledged.
    Checkpoint {
        /// Operations so far.
        operations: usize,
        /// The run's time.
        now: Timestamp,
    },
    /// A handler printed or logged a line.
    Log {
        /// The line.
        line: &'a LogLine,
        /// The function, if it is not the run's own but one that a chained invoke started.
        chained: Option<&'a str>,
    },
    /// Nothing is left to do before this time.
    TimeSkip {
        /// The next deadline.
        to: Timestamp,
    },
}

/// How a run is made.
#[derive(Clone)]
pub struct RunOptions {
    /// The function's name, part of the ARN.
    pub function_name: String,
    /// The execution's name, 1 to 64 characters of `[a-zA-Z0-9-_]`; made up when absent.
    pub execution_name: Option<String>,
    /// Decides ids, jitter and the random numbers that the handler sees.
    pub seed: u64,
    /// What a read of clock or random in handler code does.
    pub policy: Policy,
    /// Whether waits really wait.
    pub real_time: bool,
    /// What one invocation may take, on the wall and in the run's own time.
    pub timeout: Duration,
    /// Bytes of memory that the handler may use.
    pub memory_limit: u64,
    /// Directories that the handler's steps may see.
    pub preopens: Vec<Preopen>,
    /// Hosts that the handler's steps may send requests to.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Environment that the handler sees.
    pub environment: Vec<(String, String)>,
    /// Seconds until an execution times out, 1 to 31,622,400. With the most, which is the default,
    /// a run that only waits for a callback without a timeout ends open instead.
    pub execution_timeout_seconds: u64,
    /// Operations in a page of state; small pages test paging.
    pub page_size: usize,
    /// Whether a success is replayed against its own history.
    pub shadow_replay: bool,
    /// What chained invokes call.
    pub functions: Functions,
    /// Executions that chained invokes may start; one more fails its invoke. Lambda has no such
    /// limit, but a run of handlers that invoke each other without end must end.
    pub max_chained_executions: usize,
    /// Answers to callbacks, each used once, in order.
    pub callbacks: Vec<CallbackAnswer>,
    /// What goes wrong, each once.
    pub faults: Vec<Fault>,
    /// What stands in for steps, by their names, in every execution of the run.
    pub step_mocks: Vec<(String, StepMock)>,
    /// Told as the run goes on.
    pub observer: Option<Observer>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            function_name: "handler".into(),
            execution_name: None,
            seed: 0,
            policy: Policy::Stabilise,
            real_time: false,
            timeout: Duration::from_secs(60),
            memory_limit: 512 * 1024 * 1024,
            preopens: Vec::new(),
            allowed_hosts: Vec::new(),
            environment: Vec::new(),
            execution_timeout_seconds: MAX_EXECUTION_TIMEOUT_SECONDS,
            page_size: usize::MAX,
            shadow_replay: true,
            functions: Functions::default(),
            max_chained_executions: 1000,
            callbacks: Vec::new(),
            faults: Vec::new(),
            step_mocks: Vec::new(),
            observer: None,
        }
    }
}

impl RunOptions {
    pub(super) fn invoke_options(&self) -> InvokeOptions {
        InvokeOptions {
            policy: self.policy,
            random: RandomSource::Seeded(self.seed),
            hash_seed: self.seed,
            memory_limit: self.memory_limit,
            deadline: self.timeout,
            preopens: self.preopens.clone(),
            allowed_hosts: self.allowed_hosts.clone(),
            environment: self.environment.clone(),
            ..InvokeOptions::default()
        }
    }

    pub(super) fn report(&self, progress: Progress<'_>) {
        if let Some(observer) = &self.observer {
            observer(progress);
        }
    }
}

impl fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions").field("function_name", &self.function_name).field("seed", &self.seed).finish()
    }
}
