//! What `durabox run` takes.

use durabox_runtime::local::CallbackAnswer;
use durabox_runtime::model::ErrorObject;
use durabox_runtime::sandbox::{AllowedHost, Policy};

use super::{answer, functions};
use crate::cli_error::CliError;
use crate::commands::granted::Granted;

/// Runs a handler to the end of its execution, in virtual time
///
/// Prints status, result or error, and the tree of operations. The same seed and input print the
/// same bytes. The run is kept in .durabox; `durabox history` shows it again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A handler's name, which is built first if its sources changed, or the path of a .wasm file
    #[arg(value_name = "NAME | PATH.WASM")]
    pub handler: String,
    /// The input event: JSON, @FILE, or - for stdin; at most 6 MiB
    #[arg(short, long, value_name = "JSON | @FILE | -", default_value = "{}")]
    pub input: String,
    /// Name of the execution, 1 to 64 characters of a-z A-Z 0-9 - _
    #[arg(long, value_name = "EXECUTION-NAME")]
    pub name: Option<String>,
    /// Let waits and retries take the time they say
    #[arg(long)]
    pub real_time: bool,
    /// Decides ids, jitter and the random numbers that the handler sees
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// What reading a clock or a random number between operations does
    #[arg(long, value_enum, default_value_t = PolicyName::Stabilise)]
    pub policy: PolicyName,
    /// Wall time that one invocation may take
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=900))]
    pub timeout: u64,
    /// Memory that the handler may use
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=4096))]
    pub memory: u64,
    /// Let the handler's steps send requests to a host; repeatable
    #[arg(long, value_name = "HOST[:PORT] | *.DOMAIN | *")]
    pub allow_host: Vec<AllowedHost>,
    #[command(flatten)]
    pub granted: Granted,
    /// Answer a callback, by name (`*` is any text) or id: success with a JSON result, failure, or a
    /// heartbeat; @SECONDS after it started. Repeatable; each is used once, in order
    #[arg(
        long,
        value_name = "NAME=success[:JSON] | NAME=failure[:MESSAGE] | NAME=heartbeat [@SECONDS]",
        value_parser = answer::parse
    )]
    pub callback: Vec<CallbackAnswer>,
    /// Let invokes of a function run a handler: its name in this workspace, or a component's path.
    /// Handlers of the workspace, and components beside a component, are found without it
    #[arg(long, value_name = "NAME=PATH.WASM | NAME=HANDLER", value_parser = functions::parse_function)]
    pub function: Vec<(String, String)>,
    /// Answer invokes of a function with this result
    #[arg(long, value_name = "NAME=JSON", value_parser = functions::parse_mock)]
    pub mock: Vec<(String, String)>,
    /// Answer invokes of a function with this error
    #[arg(long, value_name = "NAME=TYPE:MESSAGE", value_parser = functions::parse_mock_error)]
    pub mock_error: Vec<(String, ErrorObject)>,
    /// Leave out the replay that checks a success for determinism
    #[arg(long)]
    pub no_shadow_replay: bool,
    /// Print one JSON document: execution, operations, events, invocations
    #[arg(long)]
    pub json: bool,
    /// Do not keep the run
    #[arg(long)]
    pub no_save: bool,
}

/// [`Policy`] on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PolicyName {
    /// It answers the same on every replay
    Stabilise,
    /// It does so, and is reported
    Warn,
    /// It ends the execution
    Deny,
}

impl PolicyName {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stabilise => "stabilise",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

impl From<PolicyName> for Policy {
    fn from(name: PolicyName) -> Self {
        match name {
            PolicyName::Stabilise => Self::Stabilise,
            PolicyName::Warn => Self::Warn,
            PolicyName::Deny => Self::Deny,
        }
    }
}

impl Args {
    /// Checks what clap does not.
    pub fn check(&self) -> Result<(), CliError> {
        check_name(self.name.as_deref())?;
        self.granted.check()
    }
}

fn check_name(name: Option<&str>) -> Result<(), CliError> {
    let Some(name) = name else { return Ok(()) };
    let limit = durabox_runtime::model::MAX_EXECUTION_NAME_LENGTH;
    let fits = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
    match name.chars().find(|character| !fits(*character)) {
        Some(character) => {
            Err(CliError::usage(format!("execution name takes a-z A-Z 0-9 - _, got {character:?} in {name:?}")))
        }
        None if name.is_empty() || name.len() > limit => {
            Err(CliError::usage(format!("execution name takes 1 to {limit} characters, got {}", name.len())))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn an_execution_name_is_lambdas() {
        assert!(check_name(Some("order-42_A")).is_ok());
        assert!(check_name(Some("")).is_err());
        assert!(check_name(Some("a b")).is_err());
        assert!(check_name(Some(&"x".repeat(65))).is_err());
    }
}
