//! Which test ran where and why: a line of JSON to a test, for the summary of `durabox test`.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::lines;

/// The variable that names the file to which tests append what became of them.
pub const REPORT_VARIABLE: &str = "DURABOX_TEST_REPORT";

/// Where a test ran, or why it did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ran", rename_all = "lowercase")]
pub enum Verdict {
    /// In its own process.
    Local,
    /// Where its function is deployed.
    Cloud {
        /// Why not locally, in the mode `auto`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        because: Option<String>,
    },
    /// Nowhere.
    Skipped {
        /// Why.
        because: String,
    },
}

impl Verdict {
    pub(super) const fn local() -> Self {
        Self::Local
    }

    pub(super) const fn cloud() -> Self {
        Self::Cloud { because: None }
    }

    pub(super) const fn fallback(because: String) -> Self {
        Self::Cloud { because: Some(because) }
    }

    pub(super) fn skipped(because: &str) -> Self {
        Self::Skipped { because: because.to_owned() }
    }
}

/// What became of one test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The package that its target belongs to.
    pub package: String,
    /// The test target that it belongs to.
    pub target: String,
    /// Its path, as Cargo prints it.
    pub test: String,
    /// Whether it passed; one that was skipped has.
    pub passed: bool,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<String>,
    /// Where it ran, or why it did not.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Appends what became of a test, and why it failed if it did, if somebody asked for it.
pub(super) fn write(case: &Case, verdict: &Verdict, failure: Option<String>) {
    let Some(path) = std::env::var_os(REPORT_VARIABLE) else { return };
    let report = Report {
        package: case.package.to_owned(),
        target: case.target().to_owned(),
        test: case.path(),
        passed: failure.is_none(),
        failure,
        verdict: verdict.clone(),
    };
    lines::append(Path::new(&path), &report);
}

/// Says that a test was skipped. Cargo captures what a passing test prints, so that this goes past it.
pub(super) fn tell(case: &Case, reason: &str) {
    let line = format!("skipped: {}: {reason}\n", case.path());
    drop(std::io::stderr().write_all(line.as_bytes()));
}

/// Reads what tests have appended, in order of package, target and name; nothing if none has.
pub fn read_reports(path: &Path) -> std::io::Result<Vec<Report>> {
    let mut reports: Vec<Report> = lines::read(path)?;
    reports.sort_by_key(|one| (one.package.clone(), one.target.clone(), one.test.clone()));
    Ok(reports)
}
