use std::path::PathBuf;
use std::time::Duration;

use super::{AllowedHost, StepHook};

/// How an invocation is run.
#[derive(Clone, Debug)]
pub struct InvokeOptions {
    /// What reading a clock or a random number between operations does.
    pub policy: Policy,
    /// Where steps' random numbers come from.
    pub random: RandomSource,
    /// Decides, with the execution's ARN, the order of the handler's hash maps.
    pub hash_seed: u64,
    /// Most bytes of linear memory.
    pub memory_limit: u64,
    /// How long the invocation may take, on the wall and on the invocation's clock: the
    /// function's timeout. Lambda's default is 3 seconds, its most 15 minutes.
    pub deadline: Duration,
    /// Directories that steps may use.
    pub preopens: Vec<Preopen>,
    /// Hosts that steps may send requests to.
    pub allowed_hosts: Vec<AllowedHost>,
    /// The environment, whole: nothing is inherited.
    pub environment: Vec<(String, String)>,
    /// The arguments, the program's name first.
    pub arguments: Vec<String>,
    /// Asked before a step's body runs.
    pub step_hook: Option<StepHook>,
}

impl Default for InvokeOptions {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            random: RandomSource::Seeded(0),
            hash_seed: 0,
            memory_limit: 512 * 1024 * 1024,
            deadline: Duration::from_secs(15 * 60),
            preopens: Vec::new(),
            allowed_hosts: Vec::new(),
            environment: Vec::new(),
            arguments: Vec::new(),
            step_hook: None,
        }
    }
}

/// What an ambient read (clock, random) in handler code does. Steps are free to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Answers the same on every replay.
    #[default]
    Stabilise,
    /// Does so, and notes it in the report.
    Warn,
    /// Ends the invocation.
    Deny,
}

/// Where steps' random numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RandomSource {
    /// This seed, the execution, the step and its attempt.
    Seeded(u64),
    /// The operating system.
    Os,
}

/// A directory that a handler's steps may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preopen {
    /// Where it is.
    pub host: PathBuf,
    /// What the handler calls it.
    pub guest: String,
    /// Whether the handler may change it.
    pub writable: bool,
}
