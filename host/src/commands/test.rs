//! `durabox test`

use durabox::cloud::CloudSettings;
use durabox::harness::{Report, RunnerMode, UnknownMode, Verdict};
use durabox::render::text::{columns, count};

use super::cargo_test::{Reports, Selection, status};
use crate::cli_error::CliError;
use crate::{exit_code, stdout};

/// Runs the project's tests, locally or in the cloud, and says which ran where and why
///
/// It runs `cargo test` with DURABOX_RUNNER_MODE set, which tests made with #[durabox::test] obey.
/// Cloud mode needs QUALIFIED_FUNCTION_NAME and LAMBDA_FUNCTION_TEST_NAME, or
/// DURABOX_FUNCTION_NAME_MAP; AWS_REGION is us-west-2 unless it is set, and LAMBDA_ENDPOINT names
/// another endpoint.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the tests' executions run: auto is local with the cloud for what cannot be had locally
    #[arg(
        long, value_name = "local | cloud | auto", env = RunnerMode::VARIABLE, default_value_t,
        value_parser = parse_mode
    )]
    runner_mode: RunnerMode,

    #[command(flatten)]
    selection: Selection,

    /// Options of `cargo test`, such as `--release`, `-p shop` or `--test orders`
    #[arg(value_name = "CARGO OPTIONS", trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

fn parse_mode(text: &str) -> Result<RunnerMode, UnknownMode> {
    text.parse()
}

/// Runs the tests, and prints the summary.
pub fn run(args: &Args) -> Result<u8, CliError> {
    if args.runner_mode == RunnerMode::Cloud {
        CloudSettings::from_environment()?;
    }
    let kept = Reports::new("test");
    let status = status(&mut args.selection.command(&args.options, args.runner_mode, &kept))?;
    let reports = kept.read()?;
    stdout::lines(&summary(&reports, args.runner_mode))?;
    match status.code() {
        Some(0) => Ok(exit_code::OK),
        // What `cargo test` ends with when a program of tests does; what it ends with otherwise is the build's.
        _ if reports.iter().any(|report| !report.passed) => Ok(exit_code::EXECUTION_FAILED),
        _ if reports.is_empty() => Ok(exit_code::BUILD),
        _ => Ok(exit_code::EXECUTION_FAILED),
    }
}

/// Returns a line to a test, and how many ran where.
fn summary(reports: &[Report], mode: RunnerMode) -> Vec<String> {
    if reports.is_empty() {
        return vec![format!("no test made with #[durabox::test] ran ({mode} mode)")];
    }
    let mut rows = vec![["test", "ran", "", "why"].map(str::to_owned).to_vec()];
    for report in reports {
        let (ran, why) = match &report.verdict {
            Verdict::Local => ("local", ""),
            Verdict::Cloud { because } => ("cloud", because.as_deref().unwrap_or_default()),
            Verdict::Skipped { because } => ("skipped", because.as_str()),
        };
        let outcome = match (&report.verdict, report.passed) {
            (Verdict::Skipped { .. }, _) => "",
            (_, true) => "ok",
            (_, false) => "FAILED",
        };
        let first = why.lines().next().unwrap_or_default();
        let name = format!("{}::{}", report.target, report.test);
        rows.push([name.as_str(), ran, outcome, first].map(str::to_owned).to_vec());
    }
    let ran = |fits: fn(&Verdict) -> bool| reports.iter().filter(|report| fits(&report.verdict)).count();
    let local = ran(|verdict| matches!(verdict, Verdict::Local));
    let cloud = ran(|verdict| matches!(verdict, Verdict::Cloud { .. }));
    let skipped = ran(|verdict| matches!(verdict, Verdict::Skipped { .. }));
    let failed = reports.iter().filter(|report| !report.passed).count();
    let mut lines = columns(&rows);
    lines.push(String::new());
    lines.push(format!(
        "{mode} mode: {}; {local} local, {cloud} in the cloud, {skipped} skipped; {failed} failed",
        count(reports.len(), "test")
    ));
    lines
}
