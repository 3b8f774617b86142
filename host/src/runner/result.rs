use std::sync::Arc;

use durabox_runtime::engine::replay::CallSite;
use durabox_runtime::engine::service::Execution;
use durabox_runtime::local::{InvocationRecord, Run};
use durabox_runtime::model::{ErrorObject, Event, ExecutionStatus, Operation};
use durabox_runtime::sandbox::{AmbientRead, LogLine};
use durabox_runtime::verify::Recorded;
use serde::de::DeserializeOwned;

use super::artifacts;
use crate::render::summary::summary;

/// What came of an execution.
#[derive(Debug)]
pub struct TestResult {
    run: Run,
    recorded: Recorded,
}

/// Why a result cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The execution has no result.
    #[error("the execution ended {}{}", status.as_str(), said(.error.as_ref()))]
    NotSucceeded {
        /// How it ended.
        status: ExecutionStatus,
        /// Its error.
        error: Option<ErrorObject>,
    },
    /// The result is of another shape.
    #[error("the result is not what was asked for: {source}\n  result  {result}")]
    Mismatch {
        /// The result, JSON text.
        result: String,
        /// What does not fit.
        source: serde_json::Error,
    },
}

fn said(error: Option<&ErrorObject>) -> String {
    error.map(|error| format!(": {}", crate::render::operation::error_text(error))).unwrap_or_default()
}

impl TestResult {
    pub(super) const fn new(run: Run, recorded: Recorded) -> Self {
        Self { run, recorded }
    }

    /// Returns how the execution ended.
    pub fn status(&self) -> ExecutionStatus {
        self.run.execution.status()
    }

    /// Returns the handler's result.
    pub fn output<T: DeserializeOwned>(&self) -> Result<T, OutputError> {
        if self.status() != ExecutionStatus::Succeeded {
            return Err(OutputError::NotSucceeded { status: self.status(), error: self.error().cloned() });
        }
        let result = self.run.execution.result().unwrap_or("null");
        serde_json::from_str(result).map_err(|source| OutputError::Mismatch { result: result.to_owned(), source })
    }

    /// Returns the error of an execution that did not succeed.
    pub fn error(&self) -> Option<&ErrorObject> {
        self.run.execution.error()
    }

    /// Returns the handler's operations in the order in which they started; the EXECUTION itself
    /// is not among them.
    pub fn operations(&self) -> &[Arc<Operation>] {
        self.run.execution.operations().get(1..).unwrap_or_default()
    }

    /// Returns the first operation of this name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        let found = self.operations().iter().find(|operation| operation.name.as_deref() == Some(name));
        found.map(|operation| &**operation)
    }

    /// Returns the operations in the context of this one.
    pub fn children<'a>(&'a self, parent: &'a Operation) -> impl Iterator<Item = &'a Operation> {
        let children = self.operations().iter().filter(|child| child.parent_id.as_deref() == Some(&parent.id));
        children.map(|operation| &**operation)
    }

    /// Returns where an operation stands in the handler's source.
    pub fn site(&self, operation: &Operation) -> Option<&CallSite> {
        self.run.sites.get(&operation.id)
    }

    /// Returns the history, oldest first.
    pub fn events(&self) -> &[Event] {
        self.run.execution.events()
    }

    /// Returns the invocations, in order.
    pub fn invocations(&self) -> &[InvocationRecord] {
        &self.run.invocations
    }

    /// Returns what the handler printed and logged, over all invocations.
    pub fn logs(&self) -> impl Iterator<Item = &LogLine> {
        self.run.invocations.iter().flat_map(|invocation| &invocation.logs)
    }

    /// Returns reads of clock and random in handler code, under [`crate::Policy::Warn`].
    pub fn ambient_reads(&self) -> &[AmbientRead] {
        &self.run.ambient_reads
    }

    /// Returns the execution as Lambda would keep it.
    pub const fn execution(&self) -> &Execution {
        &self.run.execution
    }

    /// Returns the execution as the store keeps it and an export writes it.
    pub const fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// Returns status, result or error, and the tree of operations, as `durabox run` prints them.
    pub fn text(&self) -> String {
        summary(&self.recorded, &artifacts::sources()).join("\n")
    }

    /// Prints [`TestResult::text`].
    pub fn print(&self) {
        println!("{}", self.text());
    }
}
