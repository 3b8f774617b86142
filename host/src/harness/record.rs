//! What the executions of a test came to: a line of JSON to an execution, for `durabox verify`.

use std::cell::RefCell;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::lines;
use crate::runner::{Mode, TestResult};
use crate::verify::Observed;

/// The variable that names the file to which tests append what their executions came to.
pub const RECORDS_VARIABLE: &str = "DURABOX_TEST_RECORDS";

/// What one execution of a test came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The package that the test target belongs to.
    pub package: String,
    /// The test target that the test belongs to.
    pub target: String,
    /// The test's path, as Cargo prints it.
    pub test: String,
    /// Which of the test's executions it is, from 1, in the order in which the test got their results.
    pub ordinal: usize,
    /// Where it ran.
    pub mode: Mode,
    /// What it came to.
    pub execution: Observed,
}

/// The test that runs on this thread.
struct Current {
    package: String,
    target: String,
    test: String,
    /// How many of its executions have a result.
    results: usize,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// While it lives, results of this thread are those of one test.
pub(super) struct Recording(());

impl Drop for Recording {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}

/// Takes the results of this thread for those of a test.
pub(super) fn begin(case: &Case) -> Recording {
    let (package, target) = (case.package.to_owned(), case.target().to_owned());
    CURRENT.set(Some(Current { package, target, test: case.path(), results: 0 }));
    Recording(())
}

/// Appends a result of the test that runs on this thread, if somebody asked for it.
pub(crate) fn keep(result: &TestResult) {
    let Some(path) = std::env::var_os(RECORDS_VARIABLE) else { return };
    let counted = CURRENT.with_borrow_mut(|current| {
        let current = current.as_mut()?;
        current.results += 1;
        Some((current.package.clone(), current.target.clone(), current.test.clone(), current.results))
    });
    let Some((package, target, test, ordinal)) = counted else { return };
    let record = Record { package, target, test, ordinal, mode: result.mode(), execution: Observed::of(result) };
    lines::append(Path::new(&path), &record);
}

/// Reads what tests have appended, in order of target, name and ordinal; nothing if none has.
pub fn read_records(path: &Path) -> std::io::Result<Vec<Record>> {
    let mut records: Vec<Record> = lines::read(path)?;
    let key = |one: &Record| (one.package.clone(), one.target.clone(), one.test.clone(), one.ordinal);
    records.sort_by_key(key);
    Ok(records)
}
