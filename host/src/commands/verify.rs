//! `durabox verify`

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use durabox::cloud::{CloudSettings, Variable};
use durabox::harness::{RECORDS_VARIABLE, RunnerMode, read_records};
use durabox::verify::{Artifact, Entry, Observed, Outcome, Tally, TestRun, document, junit, pair, text};
use durabox::{CloudRunner, LocalRunner, Mode, RunError, block_on};

use super::cargo_test::{Reports, Selection, Temporary, status};
use super::input;
use super::lambda::place;
use super::subject::Subject;
use crate::cli_error::{CliError, Kind};
use crate::{exit_code, stdout};

/// Says whether what is deployed does the same as what runs locally
///
/// Runs the project's tests twice, locally and in the cloud, and compares each execution: artifact,
/// status, output, error, operations and history. With a handler it runs that on one input instead.
/// The cloud is found as `durabox test` finds it. Exit code 8 says that both differ.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Compares one execution of this handler: its name, or the path of a .wasm file. What it needs
    /// from outside, such as hosts and callbacks, only a test can give it
    #[arg(
        value_name = "NAME | PATH.WASM",
        requires_all = ["input", "function_name"],
        conflicts_with_all = ["filters", "nextest", "options"]
    )]
    handler: Option<String>,

    /// The input event: JSON, @FILE, or - for stdin
    #[arg(short, long, value_name = "JSON | @FILE | -", requires = "handler")]
    input: Option<String>,

    /// The deployed function, with its version or alias
    #[arg(long, value_name = "NAME:QUALIFIER", requires = "handler")]
    function_name: Option<String>,

    /// How long the execution in the cloud is waited for [default: 60]
    #[arg(long, value_name = "SECONDS", requires = "handler")]
    timeout: Option<u64>,

    /// Region of the deployed functions [default: us-west-2]
    #[arg(long, env = "AWS_REGION")]
    region: Option<String>,

    /// Another endpoint than the region's own, such as that of `durabox serve`
    #[arg(long, value_name = "URL", env = "LAMBDA_ENDPOINT")]
    endpoint: Option<String>,

    #[command(flatten)]
    selection: Selection,

    /// Takes another order of events of concurrent branches for a difference
    #[arg(long)]
    strict: bool,

    /// Prints one JSON document, with both sides whole
    #[arg(long)]
    json: bool,

    /// Writes JUnit XML to this file too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Options of `cargo test`, after `--`
    #[arg(value_name = "CARGO OPTIONS", last = true)]
    options: Vec<String>,
}

/// Runs both sides, and prints how they compare.
pub fn run(args: &Args) -> Result<u8, CliError> {
    let entries = match (&args.handler, &args.input, &args.function_name) {
        (Some(handler), Some(input), Some(function)) => vec![execution(args, handler, input, function)?],
        _ => tests(args)?,
    };
    report(args, &entries)
}

/// Prints the report, and returns the exit code.
fn report(args: &Args, entries: &[Entry]) -> Result<u8, CliError> {
    match args.json {
        true => stdout::json(&document::document(entries, args.strict))?,
        false => stdout::lines(&text::lines(entries, args.strict))?,
    }
    if let Some(path) = &args.junit {
        let written = std::fs::write(path, junit::document(entries, args.strict));
        written.map_err(|error| CliError::io("writing", path, &error))?;
    }
    match Tally::of(entries, args.strict) {
        Tally { failed: 1.., .. } => Ok(exit_code::EXECUTION_FAILED),
        Tally { differ: 1.., .. } => Ok(exit_code::DIFFERS),
        Tally { equal: 1.., .. } => Ok(exit_code::OK),
        _ => Err(CliError::usage("nothing was compared: no test has run in both modes")
            .hint("a test runs in both that takes a DurableRunner, and names its handler and its lambda_function_name")
            .hint("-k and options after `--` select the tests")),
    }
}

/// Runs one input on both sides.
fn execution(args: &Args, handler: &str, input: &str, function: &str) -> Result<Entry, CliError> {
    let input = input::read(input)?;
    let subject = Subject::resolve(handler)?;
    let name = subject.function_name.clone();
    let entry = |outcome| Entry { target: String::new(), test: name.clone(), ordinal: 1, outcome };
    let local = LocalRunner::from_artifact(&subject.path).configure(|options| options.function_name = name.clone());
    let local = match block_on(local.run_json(&input))? {
        Err(RunError::Divergence(failure)) => return Ok(entry(Outcome::Failed { mode: Mode::Local, failure })),
        result => Observed::of(&result?),
    };
    let runner = runner(args, function);
    let cloud = block_on(async {
        let result = runner.run_json(&input).await?;
        Ok::<_, RunError>(Observed { artifact: artifact(&runner).await, ..Observed::of(&result) })
    })??;
    Ok(entry(Outcome::compared(local, cloud)))
}

/// Runs the project's tests on both sides.
fn tests(args: &Args) -> Result<Vec<Entry>, CliError> {
    CloudSettings::from_environment()?;
    let local = test_run(args, RunnerMode::Local)?;
    let mut cloud = test_run(args, RunnerMode::Cloud)?;
    let mut artifacts: BTreeMap<String, Artifact> = BTreeMap::new();
    for record in &mut cloud.records {
        let function = &record.execution.function;
        record.execution.artifact = match artifacts.get(function) {
            Some(known) => known.clone(),
            None => {
                let asked = block_on(artifact(&runner(args, function)))?;
                artifacts.insert(function.clone(), asked.clone());
                asked
            }
        };
    }
    Ok(pair(&local, &cloud))
}

fn test_run(args: &Args, mode: RunnerMode) -> Result<TestRun, CliError> {
    eprintln!("the tests run in {mode} mode");
    let reports = Reports::new(&format!("verify-{mode}"));
    let records = Temporary::new(&format!("verify-{mode}-records"));
    let mut command = args.selection.command(&options(args), mode, &reports);
    // What Cargo prints is no data of this command's.
    command.env(RECORDS_VARIABLE, records.path()).stdout(Stdio::from(std::io::stderr()));
    for (variable, value) in [(Variable::Region, &args.region), (Variable::Endpoint, &args.endpoint)] {
        if let Some(value) = value {
            command.env(variable.name(), value);
        }
    }
    let status = status(&mut command)?;
    let reports = reports.read()?;
    if reports.is_empty() && !status.success() {
        let message = format!("no test made with #[durabox::test] ran in {mode} mode: {}", ended(status));
        return Err(CliError { kind: Kind::Build, source: message.into(), hints: Vec::new() });
    }
    let records = read_records(records.path()).map_err(|error| CliError::io("reading", records.path(), &error))?;
    Ok(TestRun { reports, records, failure: (!status.success()).then(|| ended(status)) })
}

fn ended(status: ExitStatus) -> String {
    format!("cargo test ended with {status}; it says above why")
}

/// Returns Cargo's options: a test that fails does not keep those of other targets from running.
fn options(args: &Args) -> Vec<String> {
    const NO_FAIL_FAST: &str = "--no-fail-fast";
    let is_given = args.options.iter().any(|option| option == NO_FAIL_FAST);
    let first = (!is_given).then(|| NO_FAIL_FAST.to_owned());
    first.into_iter().chain(args.options.iter().cloned()).collect()
}

/// Returns what runs a deployed function where the command line and the environment say.
fn runner(args: &Args, function: &str) -> CloudRunner {
    let runner = CloudRunner::with_settings(function, place(args.region.clone(), args.endpoint.clone()));
    match args.timeout {
        Some(seconds) => runner.with_timeout(Duration::from_secs(seconds)),
        None => runner,
    }
}

/// Asks which artifact is deployed. Without an answer both sides are compared all the same.
async fn artifact(runner: &CloudRunner) -> Artifact {
    match runner.deployed().await {
        Ok(deployed) => match deployed.as_ref().and_then(|deployed| deployed.artifact_sha256()) {
            Some(sha256) => Artifact::Sha256(sha256.to_owned()),
            None => Artifact::Unknown("not made by durabox deploy".to_owned()),
        },
        Err(error) => Artifact::Unknown(error.to_string()),
    }
}
