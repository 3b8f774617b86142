//! What `#[durabox::test]` makes of a test: decides where it runs, runs it, and tells.
//!
//! The mode is that of `DURABOX_RUNNER_MODE`: `local`, which is the default, `cloud` or `auto`, which is
//! local with the cloud for what cannot be had locally. A test that does not run says why on stderr,
//! where Cargo shows it, and in the file that `DURABOX_TEST_REPORT` names, if it is set. What its executions
//! came to is in the file that `DURABOX_TEST_RECORDS` names.

mod case;
mod decision;
mod failure;
mod lines;
mod mode;
pub(crate) mod record;
mod report;

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::runner::{block_on, refusal};

pub use case::{Case, Needs, Runner};
pub use decision::{Decision, Fallback, Place, decide};
pub use failure::{Failure, Outcome};
pub use mode::{RunnerMode, UnknownMode};
pub use record::{RECORDS_VARIABLE, Record, read_records};
pub use report::{REPORT_VARIABLE, Report, Verdict, read_reports};

/// How a test ended: well, with an error, or with a panic.
type End = Result<Result<(), Failure>, Box<dyn Any + Send>>;

/// Runs a test where it belongs.
///
/// # Panics
///
/// If the test fails; also if the environment does not say where the cloud is though the test is to
/// run there.
pub fn run<R: Runner, F: Future<Output: Outcome>>(case: &Case, body: impl Fn(R) -> F) {
    let mode = RunnerMode::from_environment().map_err(Failure::from);
    let decision = match mode.and_then(|mode| decide(mode, case, R::NEEDS)) {
        Ok(decision) => decision,
        Err(failure) => panic!("{failure:?}"),
    };
    let decision = match decision {
        Decision::LocalFirst(fallback) => {
            refusal::forget();
            let end = attempt(case, R::local(case), &body);
            match refusal::take().filter(|_| !matches!(end, Ok(Ok(())))) {
                None => return finish(case, &Verdict::local(), end),
                Some(reason) => fallback.because(case, &reason),
            }
        }
        decision => decision,
    };
    match decision {
        Decision::Cloud(place) => finish(case, &place.verdict(), attempt(case, R::cloud(&place), &body)),
        Decision::Skip(reason) => {
            report::write(case, &Verdict::skipped(&reason), None);
            report::tell(case, &reason);
        }
        Decision::Local | Decision::LocalFirst(_) => {
            finish(case, &Verdict::local(), attempt(case, R::local(case), &body));
        }
    }
}

fn attempt<R, F: Future<Output: Outcome>>(case: &Case, runner: Result<R, Failure>, body: &impl Fn(R) -> F) -> End {
    let _recording = record::begin(case);
    catch_unwind(AssertUnwindSafe(|| {
        let test = body(runner?);
        block_on(async { test.await.into_result() })?
    }))
}

fn finish(case: &Case, verdict: &Verdict, end: End) {
    report::write(case, verdict, failure_of(&end));
    match end {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => panic!("{failure:?}"),
        Err(panic) => resume_unwind(panic),
    }
}

/// Returns why a test failed, if it did.
fn failure_of(end: &End) -> Option<String> {
    match end {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(format!("{failure:?}")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Some(text.unwrap_or("it panicked").to_owned())
        }
    }
}
