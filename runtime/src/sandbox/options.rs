use std::path::PathBuf;
use std::str::FromStr;
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
    /// Whether output is kept for the report of the invocation, up to [`MAX_OUTPUT_LINES`](super::MAX_OUTPUT_LINES)
    /// and [`MAX_OUTPUT_BYTES`](super::MAX_OUTPUT_BYTES); else the sink alone has it, all of it.
    pub keep_output: bool,
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
            keep_output: true,
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
///
/// Written `HOST[:GUEST][:ro]`; the guest sees it under its own name unless told, and `:ro` is for reading only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preopen {
    /// Where it is.
    pub host: PathBuf,
    /// What the handler calls it.
    pub guest: String,
    /// Whether the handler may change it.
    pub writable: bool,
}

/// Why a text does not say which directory is granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("takes HOST[:GUEST][:ro], got {0:?}")]
pub struct PreopenError(String);

impl FromStr for Preopen {
    type Err = PreopenError;

    fn from_str(text: &str) -> Result<Self, PreopenError> {
        let (names, writable) = match text.strip_suffix(":ro") {
            Some(names) => (names, false),
            None => (text, true),
        };
        let (host, guest) = names.split_once(':').unwrap_or((names, names));
        match host.is_empty() || guest.is_empty() {
            true => Err(PreopenError(text.to_owned())),
            false => Ok(Self { host: PathBuf::from(host), guest: guest.to_owned(), writable }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Preopen;

    #[test]
    fn a_directory_is_granted_as_it_is_written() {
        for (text, host, guest, writable) in [
            ("data", "data", "data", true),
            ("data:ro", "data", "data", false),
            ("data:/in:ro", "data", "/in", false),
            ("data:/in", "data", "/in", true),
        ] {
            let preopen: Preopen = text.parse().expect("a directory");
            assert_eq!(
                (preopen.host.to_str(), preopen.guest.as_str(), preopen.writable),
                (Some(host), guest, writable)
            );
        }
        assert_eq!(
            ":/in".parse::<Preopen>().expect_err("no host").to_string(),
            "takes HOST[:GUEST][:ro], got \":/in\""
        );
    }
}
