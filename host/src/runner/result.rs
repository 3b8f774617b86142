use std::sync::Arc;

use durabox_runtime::engine::replay::CallSite;
use durabox_runtime::engine::service::{Execution, Metering};
use durabox_runtime::local::{InvocationRecord, MockCall, OpenCallback, Run};
use durabox_runtime::model::{ErrorObject, Event, ExecutionStatus, Operation};
use durabox_runtime::sandbox::{AmbientRead, LogLine};
use durabox_runtime::verify::Recorded;
use serde::de::DeserializeOwned;

use super::{RunError, artifacts};
use crate::render::divergence::{Compared, diagnose};
use crate::render::summary::{details, summary};
use crate::render::warnings::{Audience, warnings};

/// What came of an execution.
#[derive(Debug)]
pub struct TestResult {
    run: Run,
    recorded: Recorded,
    chained: Vec<TestResult>,
}

/// Why a result cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The execution has no result.
    #[error("the execution {} {}{}{}", verb(*.status), status.as_str(), said(.error.as_ref()), lines(.notes))]
    NotSucceeded {
        /// How it ended.
        status: ExecutionStatus,
        /// Its error.
        error: Option<ErrorObject>,
        /// What it lacked from outside, such as an answer to a callback.
        notes: Vec<String>,
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

const fn verb(status: ExecutionStatus) -> &'static str {
    if status.is_terminal() { "ended" } else { "is" }
}

fn lines(notes: &[String]) -> String {
    notes.iter().map(|note| format!("\n{note}")).collect()
}

impl TestResult {
    /// Returns the result of a run, unless one of its executions is not deterministic.
    pub(super) fn of(mut run: Run) -> Result<Self, RunError> {
        let chained = std::mem::take(&mut run.chained);
        let recorded = Recorded::from(&run);
        if let Some(shadow) = &run.shadow {
            let sources = artifacts::sources();
            if let Some(diagnosis) = diagnose(&recorded, shadow, Compared::Shadow, &sources) {
                let text = diagnosis.text("shadow replay").replace("--no-shadow-replay", "without_shadow_replay()");
                return Err(RunError::Divergence(text));
            }
        }
        let chained = chained.into_iter().map(Self::of).collect::<Result<_, _>>()?;
        Ok(Self { run, recorded, chained })
    }

    /// Returns how the execution ended.
    pub fn status(&self) -> ExecutionStatus {
        self.run.execution.status()
    }

    /// Returns the handler's result.
    pub fn output<T: DeserializeOwned>(&self) -> Result<T, OutputError> {
        if self.status() != ExecutionStatus::Succeeded {
            let notes = warnings(&self.run, &artifacts::sources(), Audience::Test);
            return Err(OutputError::NotSucceeded { status: self.status(), error: self.error().cloned(), notes });
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

    /// Returns the executions that chained invokes started, at any depth, in start order.
    pub fn chained(&self) -> &[Self] {
        &self.chained
    }

    /// Returns the first execution of this function that a chained invoke started.
    pub fn chained_of(&self, function: &str) -> Option<&Self> {
        self.chained.iter().find(|chained| chained.run.function_name == function)
    }

    /// Returns the calls of mocks, in order.
    pub fn mock_calls(&self) -> &[MockCall] {
        &self.run.outside.calls
    }

    /// Returns the callbacks that a run which ended RUNNING waits for.
    pub fn open_callbacks(&self) -> &[OpenCallback] {
        &self.run.outside.open_callbacks
    }

    /// Returns what Lambda would meter of this execution; chained ones are metered by themselves.
    pub const fn metering(&self) -> Metering {
        self.run.execution.metering()
    }

    /// Returns what a person should know: answers that were not used or refused, functions that do
    /// not exist, callbacks that are open, large payloads.
    pub fn warnings(&self) -> Vec<String> {
        let sources = artifacts::sources();
        let all = std::iter::once(self).chain(&self.chained);
        all.flat_map(|result| warnings(&result.run, &sources, Audience::Test)).collect()
    }

    /// Returns status, result or error, and the tree of operations, as `durabox run` prints them,
    /// and the same of each chained execution.
    pub fn text(&self) -> String {
        let sources = artifacts::sources();
        let executions = || std::iter::once(self).chain(&self.chained);
        let texts = executions().map(|result| {
            let details = details(&result.run, executions().map(|result| &result.run));
            summary(&result.recorded, &details, &sources).join("\n")
        });
        texts.collect::<Vec<_>>().join("\n\n")
    }

    /// Prints [`TestResult::text`].
    pub fn print(&self) {
        println!("{}", self.text());
    }
}
