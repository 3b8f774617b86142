//! `cargo test`, as the commands start it that run a project's tests.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use durabox::handlers::leave_the_test_behind;
use durabox::harness::{REPORT_VARIABLE, Report, RunnerMode, read_reports};

use crate::cli_error::CliError;

/// Which tests run, and by what.
#[derive(Debug, clap::Args)]
pub struct Selection {
    /// Runs only tests whose name contains this; may be repeated
    #[arg(short = 'k', long = "filter", value_name = "TEXT")]
    filters: Vec<String>,

    /// Runs them with cargo nextest, a process to a test
    #[arg(long)]
    nextest: bool,
}

impl Selection {
    /// Returns the command that runs them in a mode, with these options of Cargo's.
    pub fn command(&self, options: &[String], mode: RunnerMode, reports: &Reports) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        leave_the_test_behind(&mut command);
        command.args(if self.nextest { &["nextest", "run"][..] } else { &["test"] });
        command.args(options);
        // Those of cargo test go to the test programs, which take several.
        match self.nextest {
            true => command.args(&self.filters),
            false if self.filters.is_empty() => &mut command,
            false => command.arg("--").args(&self.filters),
        };
        command.env(RunnerMode::VARIABLE, mode.as_str()).env(REPORT_VARIABLE, reports.0.path());
        command
    }
}

/// Runs Cargo to its end.
pub fn status(command: &mut Command) -> Result<ExitStatus, CliError> {
    command.status().map_err(|error| {
        CliError::usage(format!("cargo could not be run: {error}")).hint("is `cargo` installed and on the PATH?")
    })
}

/// Where the tests of a run report what became of them.
pub struct Reports(Temporary);

impl Reports {
    /// Returns a place of this name, in which is nothing.
    pub fn new(name: &str) -> Self {
        Self(Temporary::new(name))
    }

    /// Reads them, in order of target and name.
    pub fn read(&self) -> Result<Vec<Report>, CliError> {
        read_reports(self.0.path()).map_err(|error| CliError::io("reading", self.0.path(), &error))
    }
}

/// A file that is gone when it is no longer wanted.
pub struct Temporary(PathBuf);

impl Temporary {
    /// Returns a file that is not there yet.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("durabox-{name}-{}.jsonl", std::process::id()));
        // One of a process that had this number, and was killed.
        drop(std::fs::remove_file(&path));
        Self(path)
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}
