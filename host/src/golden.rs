//! Golden histories: what an execution did, in a file beside its tests, compared at every run.
//!
//! A golden history has what a handler decides: operations, attempts, payloads and errors. It has
//! nothing that differs from run to run: no timestamps, delays or ids. So one file serves both modes.

mod signature;

use std::fmt;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::runner::{Mode, TestResult};

pub use signature::signature;
pub(crate) use signature::{INVOCATION, paths};

/// The variable that lets golden histories be written: anything but empty and `0` does.
pub const UPDATE_VARIABLE: &str = "DURABOX_UPDATE_HISTORIES";

/// Compares a result with its golden history, in `tests/histories/` of the test's package.
///
/// The file has the test's name, or the one that is given. A history that is not there or differs
/// fails the test and is written beside it as `NAME.history.new`; with `DURABOX_UPDATE_HISTORIES=1` it
/// becomes the golden one.
///
/// ```no_run
/// async fn is_paid(runner: durabox::DurableRunner) -> Result<(), durabox::RunError> {
///     let result = runner.run("order-42").await?;
///     durabox::assert_history!(result);
///     durabox::assert_history!(result, "an order that is paid");
///     Ok(())
/// }
/// ```
#[macro_export]
macro_rules! assert_history {
    ($result:expr $(,)?) => {{
        fn here() {}
        let name = $crate::golden::name_of(::core::any::type_name_of_val(&here));
        $crate::assert_history!($result, name);
    }};
    ($result:expr, $name:expr $(,)?) => {{
        let directory = ::std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
        if let Err(difference) = $crate::golden::compare(&$result, &directory, &$name) {
            panic!("{difference}");
        }
    }};
}

/// Returns `module__test` of the path of a function inside a test, without crate and closures.
pub fn name_of(function: &str) -> String {
    let parts = function.split("::").skip(1).filter(|part| !part.starts_with('{') && *part != "here");
    let mut names: Vec<&str> = Vec::new();
    for part in parts {
        // The attribute puts the test into a function of the same name.
        if names.last() != Some(&part) {
            names.push(part);
        }
    }
    names.join("__")
}

/// How a history differs from its golden one.
#[derive(Debug)]
pub struct Difference {
    file: PathBuf,
    what: What,
}

#[derive(Debug)]
enum What {
    /// There is no golden history yet.
    New(String),
    /// They differ.
    Differs(String),
    /// The file cannot be read or written.
    Io(std::io::Error),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match &self.what {
            What::New(history) => write!(f, "there is no golden history {file}; this one would be it:\n{history}")?,
            What::Differs(diff) => write!(f, "the history is not the golden one, {file}:\n{diff}")?,
            What::Io(error) => return write!(f, "the golden history {file} cannot be used: {error}"),
        }
        write!(f, "\nhint: {UPDATE_VARIABLE}=1 cargo test … takes this history for the golden one")
    }
}

/// Compares a result with the golden history of this name in a directory.
///
/// In local mode every line counts. In the cloud branches run side by side and functions are invoked
/// again when it suits Lambda: there the lines of each operation are compared, operation by operation.
pub fn compare(result: &TestResult, directory: &Path, name: &str) -> Result<(), Difference> {
    let update = std::env::var(UPDATE_VARIABLE).is_ok_and(|value| !matches!(value.as_str(), "" | "0"));
    compare_text(&signature(result), result.mode(), &directory.join(format!("{name}.history")), update)
}

fn compare_text(actual: &str, mode: Mode, file: &Path, update: bool) -> Result<(), Difference> {
    let failed = |what| Difference { file: file.to_owned(), what };
    let golden = match std::fs::read_to_string(file) {
        Ok(text) => Some(text.replace("\r\n", "\n")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(What::Io(error))),
    };
    let (expected, seen) = match mode {
        Mode::Local => (golden.clone(), actual.to_owned()),
        Mode::Cloud => (golden.as_deref().map(by_operation), by_operation(actual)),
    };
    let beside = file.with_extension("history.new");
    if expected.as_ref() == Some(&seen) {
        // Of an earlier difference.
        drop(std::fs::remove_file(beside));
        return Ok(());
    }
    let target = if update { file } else { &beside };
    let written = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(target, actual));
    written.map_err(|error| failed(What::Io(error)))?;
    if update {
        drop(std::fs::remove_file(beside));
        return Ok(());
    }
    Err(failed(match expected {
        None => What::New(seen),
        Some(expected) => What::Differs(diff(&expected, &seen)),
    }))
}

fn diff(golden: &str, actual: &str) -> String {
    TextDiff::from_lines(golden, actual).unified_diff().context_radius(3).header("golden", "this run").to_string()
}

/// Returns the lines with those of one operation together, in their order, and without invocations.
fn by_operation(history: &str) -> String {
    let mut lines: Vec<(&str, &str)> = history
        .lines()
        .filter(|line| !line.starts_with(INVOCATION))
        .map(|line| (line.split_once('\t').map_or(line, |(_, operation)| operation), line))
        .map(|(operation, line)| (operation.split('\t').next().unwrap_or(operation), line))
        .collect();
    lines.sort_by_key(|(operation, _)| *operation);
    lines.into_iter().map(|(_, line)| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::{by_operation, compare_text, name_of};
    use crate::runner::Mode;

    const GOLDEN: &str = "ExecutionStarted\t\t1\nStepStarted\ta\nStepStarted\tb\nStepSucceeded\ta\t1\nInvocationCompleted\nStepSucceeded\tb\t2\n";

    fn file() -> std::path::PathBuf {
        let directory = std::env::temp_dir().join(format!("durabox-golden-{}", std::process::id()));
        let thread = format!("{:?}", std::thread::current().id()).replace(['(', ')'], "");
        directory.join(format!("{thread}.history"))
    }

    #[test]
    fn a_new_history_fails_and_lies_beside_until_it_is_taken() {
        let file = file();
        let text = compare_text(GOLDEN, Mode::Local, &file, false).expect_err("a new one").to_string();
        assert!(text.contains("there is no golden history") && text.contains("DURABOX_UPDATE_HISTORIES=1"), "{text}");
        assert_eq!(std::fs::read_to_string(file.with_extension("history.new")).expect("the new one"), GOLDEN);
        compare_text(GOLDEN, Mode::Local, &file, true).expect("it is written");
        compare_text(GOLDEN, Mode::Local, &file, false).expect("it is the golden one");
        assert!(!file.with_extension("history.new").exists());
        let changed = GOLDEN.replace("b\t2", "b\t3");
        let text = compare_text(&changed, Mode::Local, &file, false).expect_err("a difference").to_string();
        assert!(text.contains("-StepSucceeded\tb\t2") && text.contains("+StepSucceeded\tb\t3"), "{text}");
        std::fs::remove_dir_all(file.parent().expect("a directory")).expect("it is there");
    }

    #[test]
    fn the_cloud_may_interleave_branches_but_not_change_one() {
        let other = "ExecutionStarted\t\t1\nStepStarted\tb\nInvocationCompleted\nStepSucceeded\tb\t2\nStepStarted\ta\nStepSucceeded\ta\t1\n";
        assert_eq!(by_operation(GOLDEN), by_operation(other));
        let swapped = GOLDEN.replace("StepStarted\ta\n", "").replace("a\t1\n", "a\t1\nStepStarted\ta\n");
        assert_ne!(by_operation(GOLDEN), by_operation(&swapped));
    }

    #[test]
    fn a_history_is_called_as_its_test() {
        assert_eq!(name_of("orders::refunds::a_refund::here"), "refunds__a_refund");
        assert_eq!(name_of("orders::says_hello::says_hello::{{closure}}::here"), "says_hello");
    }
}
