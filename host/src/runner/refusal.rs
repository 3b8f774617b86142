//! Whether the sandbox has refused something to a local run of this thread's test: the mode `auto`
//! then runs the test in the cloud.

use std::cell::RefCell;

use durabox_runtime::local::Run;
use durabox_runtime::model::ExecutionStatus;

/// The error type of what the sandbox refuses.
const REFUSED: &str = "Sandbox.Refused";

thread_local! {
    static REFUSAL: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Takes note of what was refused to a run.
pub(super) fn note(run: &Run) {
    let failed = run.executions().filter(|run| run.execution.status() == ExecutionStatus::Failed);
    let errors = failed.filter_map(|run| run.execution.error());
    let refused = errors.filter(|error| error.error_type.as_deref() == Some(REFUSED));
    if let Some(message) = refused.filter_map(|error| error.error_message.clone()).next() {
        REFUSAL.set(Some(message));
    }
}

/// Forgets what was refused to earlier runs.
pub(crate) fn forget() {
    REFUSAL.set(None);
}

/// Returns what was refused, and forgets it.
pub(crate) fn take() -> Option<String> {
    REFUSAL.take()
}
