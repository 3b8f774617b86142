//! `durabox run`

use std::path::{Path, PathBuf};
use std::time::Duration;

use durabox::render::divergence::{Compared, diagnose};
use durabox::render::operation::title_of;
use durabox::render::summary::summary;
use durabox::render::{cause, document};
use durabox::source::Sources;
use durabox_runtime::local::{self, Run, RunOptions};
use durabox_runtime::model::ExecutionStatus;
use durabox_runtime::sandbox::{AllowedHost, Policy, Preopen};
use durabox_runtime::store::Store;
use durabox_runtime::verify::Recorded;
use serde_json::{Value, json};

use super::input;
use super::replay::report_document;
use super::subject::Subject;
use crate::cli_error::CliError;
use crate::progress::Display;
use crate::{exit_code, interrupt, stdout};

/// Runs a handler to the end of its execution, in virtual time
///
/// Prints status, result or error, and the tree of operations. The same seed and input print the
/// same bytes. The run is kept in .durabox; `durabox history` shows it again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A handler's name, which is built first if its sources changed, or the path of a .wasm file
    #[arg(value_name = "NAME | PATH.WASM")]
    handler: String,
    /// The input event: JSON, @FILE, or - for stdin; at most 6 MiB
    #[arg(short, long, value_name = "JSON | @FILE | -", default_value = "{}")]
    input: String,
    /// Name of the execution, 1 to 64 characters of a-z A-Z 0-9 - _
    #[arg(long, value_name = "EXECUTION-NAME")]
    name: Option<String>,
    /// Let waits and retries take the time they say
    #[arg(long)]
    real_time: bool,
    /// Decides ids, jitter and the random numbers that the handler sees
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// What reading a clock or a random number between operations does
    #[arg(long, value_enum, default_value_t = PolicyName::Stabilise)]
    policy: PolicyName,
    /// Wall time that one invocation may take
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=900))]
    timeout: u64,
    /// Memory that the handler may use
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=4096))]
    memory: u64,
    /// Let the handler's steps send requests to a host; repeatable
    #[arg(long, value_name = "HOST[:PORT] | *.DOMAIN | *")]
    allow_host: Vec<AllowedHost>,
    /// Let the handler's steps see a directory; :ro for reading only
    #[arg(long, value_name = "HOST[:GUEST][:ro]", value_parser = parse_preopen)]
    dir: Vec<Preopen>,
    /// Set a variable of the handler's environment, which is empty otherwise
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_variable)]
    env: Vec<(String, String)>,
    /// Leave out the replay that checks a success for determinism
    #[arg(long)]
    no_shadow_replay: bool,
    /// Print one JSON document: execution, operations, events, invocations
    #[arg(long)]
    json: bool,
    /// Do not keep the run
    #[arg(long)]
    no_save: bool,
}

/// [`Policy`] on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PolicyName {
    /// It answers the same on every replay
    Stabilise,
    /// It does so, and is reported
    Warn,
    /// It ends the execution
    Deny,
}

impl PolicyName {
    const fn as_str(self) -> &'static str {
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

/// Runs, keeps the run, and prints it.
pub fn run(args: Args) -> Result<u8, CliError> {
    // Everything that can be wrong with the command line comes before a build.
    let input = input::read(&args.input)?;
    check_name(args.name.as_deref())?;
    for preopen in &args.dir {
        if !preopen.host.is_dir() {
            return Err(CliError::usage(format!("--dir {}: there is no such directory", preopen.host.display())));
        }
    }
    let subject = Subject::resolve(&args.handler)?;
    let (sandbox, artifact) = subject.load()?;
    let store = open_store(&args, &subject)?;
    interrupt::exit_with(interrupt_message(&args, store.is_some()));

    let display = Display::start();
    let options = RunOptions {
        function_name: subject.function_name.clone(),
        execution_name: args.name.clone(),
        seed: args.seed,
        policy: args.policy.into(),
        real_time: args.real_time,
        timeout: Duration::from_secs(args.timeout),
        memory_limit: args.memory * 1024 * 1024,
        preopens: args.dir.clone(),
        allowed_hosts: args.allow_host.clone(),
        environment: args.env.clone(),
        shadow_replay: !args.no_shadow_replay,
        observer: Some(display.observer()),
        ..RunOptions::default()
    };
    let run = runtime()?.block_on(local::run(&sandbox, &artifact, &input, options, store.as_ref()));
    drop(display);
    report(&args, &run?, artifact.sha256(), &subject.sources())
}

/// Returns a runtime for one thread; handlers need no more.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CliError::io("starting", Path::new("the async runtime"), &error))
}

fn open_store(args: &Args, subject: &Subject) -> Result<Option<Store>, CliError> {
    if args.no_save {
        return Ok(None);
    }
    subject.state.create().map_err(|error| {
        CliError::io("making", subject.state.path(), &error).hint("run with --no-save to do without the store")
    })?;
    Ok(Some(Store::open(subject.state.path())?))
}

fn interrupt_message(args: &Args, saved: bool) -> String {
    match (saved, &args.name) {
        (false, _) => "interrupted; the run is not kept (--no-save)".to_owned(),
        (true, Some(name)) => {
            format!(
                "interrupted; the run is kept as RUNNING, up to its last checkpoint\nhint: durabox history show {name}"
            )
        }
        (true, None) => {
            "interrupted; the run is kept as RUNNING, up to its last checkpoint\nhint: durabox history list".to_owned()
        }
    }
}

/// Prints what came of it, and returns the exit code.
fn report(args: &Args, run: &Run, sha256: &str, sources: &Sources) -> Result<u8, CliError> {
    let recorded = Recorded::from(run);
    let shadow = run.shadow.as_ref().and_then(|report| diagnose(&recorded, report, Compared::Shadow, sources));
    if args.json {
        let settings = json!({
            "seed": args.seed,
            "policy": args.policy.as_str(),
            "realTime": args.real_time,
            "artifactSha256": sha256,
        });
        let mut report = run.shadow.as_ref().map(report_document).unwrap_or_default();
        if let (Some(diagnosis), Value::Object(report)) = (&shadow, &mut report) {
            report.insert("divergence".into(), diagnosis.document.clone());
        }
        stdout::json(&document::run(run, &recorded, settings, report))?;
    } else {
        stdout::lines(&summary(&recorded, sources))?;
    }
    warn_of_reads(run, sources);
    let policy = args.policy.as_str();
    match run.number {
        Some(number) => {
            eprintln!("kept as run {number}, {} (seed {}, policy {policy})", run.execution_name, args.seed);
        }
        None => eprintln!("not kept (seed {}, policy {policy})", args.seed),
    }
    if let Some(diagnosis) = shadow {
        eprintln!("{}", diagnosis.text("error: shadow replay"));
        return Ok(exit_code::DIVERGENCE);
    }
    Ok(match run.execution.status() {
        ExecutionStatus::Succeeded | ExecutionStatus::Running => exit_code::OK,
        ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Stopped => exit_code::EXECUTION_FAILED,
    })
}

/// Says what the policy `warn` noted: each read once, though every invocation repeats it.
fn warn_of_reads(run: &Run, sources: &Sources) {
    for (index, read) in run.ambient_reads.iter().enumerate() {
        if run.ambient_reads[..index].contains(read) {
            continue;
        }
        let times = run.ambient_reads[index..].iter().filter(|other| *other == read).count();
        let operation = read.after.as_deref().and_then(|id| {
            run.execution.operations().iter().find(|operation| operation.id == id).map(|operation| title_of(operation))
        });
        let repeated = if times > 1 { format!(", in {times} invocations") } else { String::new() };
        eprintln!("warning: handler code read {}{repeated}", cause::describe(read, operation));
        if let Some((site, line)) = read.site.as_ref().and_then(|site| Some((site, sources.line(site)?))) {
            eprintln!("  {} | {line}", site.line);
        }
    }
    if !run.ambient_reads.is_empty() {
        eprintln!("\nhint: the answers are the same on every replay; in a step they would be real");
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

/// Reads `HOST[:GUEST][:ro]`; the guest sees a directory under its own name unless told.
fn parse_preopen(text: &str) -> Result<Preopen, String> {
    let (text, writable) = match text.strip_suffix(":ro") {
        Some(text) => (text, false),
        None => (text, true),
    };
    let (host, guest) = text.split_once(':').unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err(format!("takes HOST[:GUEST][:ro], got {text:?}"));
    }
    Ok(Preopen { host: PathBuf::from(host), guest: guest.to_owned(), writable })
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("takes NAME=VALUE, got {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{check_name, parse_preopen, parse_variable};

    #[test]
    fn a_directory_is_granted_as_it_is_written() {
        for (text, host, guest, writable) in [
            ("data", "data", "data", true),
            ("data:ro", "data", "data", false),
            ("data:/in:ro", "data", "/in", false),
            ("data:/in", "data", "/in", true),
        ] {
            let preopen = parse_preopen(text).expect("a directory");
            assert_eq!(
                (preopen.host.to_str(), preopen.guest.as_str(), preopen.writable),
                (Some(host), guest, writable)
            );
        }
        assert!(parse_preopen(":/in").is_err());
    }

    #[test]
    fn a_variable_has_a_name() {
        assert_eq!(parse_variable("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(parse_variable("=b").is_err());
    }

    #[test]
    fn an_execution_name_is_lambdas() {
        assert!(check_name(Some("order-42_A")).is_ok());
        assert!(check_name(Some("")).is_err());
        assert!(check_name(Some("a b")).is_err());
        assert!(check_name(Some(&"x".repeat(65))).is_err());
    }
}
