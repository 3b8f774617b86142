use durabox_runtime::engine::replay::CallSite;
use durabox_runtime::engine::service::Metering;
use durabox_runtime::local::{InvocationRecord, MockCall, OpenCallback, Outside, Run};
use durabox_runtime::model::{ErrorObject, Event, ExecutionStatus, Operation, Timestamp};
use durabox_runtime::sandbox::{AmbientRead, LogLine};
use durabox_runtime::verify::Recorded;
use serde::de::DeserializeOwned;

use super::{Mode, RunError, artifacts, refusal};
use crate::cloud::{CloudDetails, CloudError};
use crate::harness::record;
use crate::render::divergence::{Compared, diagnose};
use crate::render::summary::{details, metered, summary};
use crate::render::warnings::{Audience, warnings};

/// What came of an execution, in either mode.
///
/// What only a local run knows is empty of one in the cloud: call sites, output, reads of clock and
/// random, chained executions, mocks and warnings.
#[derive(Debug)]
pub struct TestResult {
    recorded: Recorded,
    metering: Metering,
    source: Source,
}

/// Where a result is from, and what it has that others have not.
#[derive(Debug)]
enum Source {
    Local { run: Box<Run>, chained: Vec<TestResult>, artifact: Option<String> },
    Cloud(Box<CloudDetails>),
}

/// Nothing from outside.
static NO_OUTSIDE: Outside = Outside {
    calls: Vec::new(),
    unknown_functions: Vec::new(),
    refused_answers: Vec::new(),
    unused_answers: Vec::new(),
    open_callbacks: Vec::new(),
    unused_faults: Vec::new(),
};

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
    /// The execution has no result, and ran in the cloud.
    #[error("the execution ended {}: {error}{}", status.as_str(), hints(.error))]
    Failed {
        /// How it ended.
        status: ExecutionStatus,
        /// Its error.
        error: Box<CloudError>,
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

fn hints(error: &CloudError) -> String {
    error.hints().iter().map(|hint| format!("\nhint: {hint}")).collect()
}

fn lines(notes: &[String]) -> String {
    notes.iter().map(|note| format!("\n{note}")).collect()
}

impl TestResult {
    /// Returns the result of a local run of an artifact, by its SHA-256, unless one of its executions is
    /// not deterministic.
    pub(super) fn of_local(run: Run, artifact: &str) -> Result<Self, RunError> {
        let result = Self::of_run(run, Some(artifact))?;
        record::keep(&result);
        Ok(result)
    }

    fn of_run(mut run: Run, artifact: Option<&str>) -> Result<Self, RunError> {
        refusal::note(&run);
        let chained = std::mem::take(&mut run.chained);
        let recorded = Recorded::from(&run);
        if let Some(shadow) = &run.shadow {
            let sources = artifacts::sources();
            if let Some(diagnosis) = diagnose(&recorded, shadow, Compared::Shadow, &sources) {
                let text = diagnosis.text("shadow replay").replace("--no-shadow-replay", "without_shadow_replay()");
                return Err(RunError::Divergence(text));
            }
        }
        let chained = chained.into_iter().map(|run| Self::of_run(run, None)).collect::<Result<_, _>>()?;
        let metering = run.execution.metering();
        let artifact = artifact.map(str::to_owned);
        Ok(Self { recorded, metering, source: Source::Local { run: Box::new(run), chained, artifact } })
    }

    /// Returns the result of an execution in the cloud.
    pub(crate) fn of_cloud(recorded: Recorded, metering: Metering, details: CloudDetails) -> Self {
        let result = Self { recorded, metering, source: Source::Cloud(Box::new(details)) };
        record::keep(&result);
        result
    }

    /// Returns where the execution ran.
    pub const fn mode(&self) -> Mode {
        match self.source {
            Source::Local { .. } => Mode::Local,
            Source::Cloud(_) => Mode::Cloud,
        }
    }

    /// Returns the function: by its own name, or in the cloud as it was named, with version or alias.
    pub fn function(&self) -> &str {
        match &self.source {
            Source::Local { .. } => &self.recorded.function_name,
            Source::Cloud(details) => &details.function,
        }
    }

    /// Returns the SHA-256 of the artifact that ran, in hexadecimal; unknown of chained executions and
    /// in the cloud.
    pub fn artifact_sha256(&self) -> Option<&str> {
        match &self.source {
            Source::Local { artifact, .. } => artifact.as_deref(),
            Source::Cloud(_) => None,
        }
    }

    /// Returns how the execution ended.
    pub const fn status(&self) -> ExecutionStatus {
        self.recorded.status
    }

    /// Returns the handler's result. In the cloud one that is JSON text within JSON text is read too.
    pub fn output<T: DeserializeOwned>(&self) -> Result<T, OutputError> {
        if self.status() != ExecutionStatus::Succeeded {
            return Err(self.no_output());
        }
        let result = self.recorded.result.as_deref().unwrap_or("null");
        serde_json::from_str(result).or_else(|source| {
            let twice = || serde_json::from_str(&serde_json::from_str::<String>(result).ok()?).ok();
            match self.mode() {
                Mode::Cloud => twice(),
                Mode::Local => None,
            }
            .ok_or_else(|| OutputError::Mismatch { result: result.to_owned(), source })
        })
    }

    fn no_output(&self) -> OutputError {
        let (status, error) = (self.status(), self.error().cloned());
        match (&self.source, error) {
            (Source::Cloud(details), Some(error)) => {
                let (function, place) = (details.function.clone(), details.place.clone());
                let error = Box::new(CloudError::FunctionFailed { function, place, error });
                OutputError::Failed { status, error }
            }
            (Source::Cloud(_), error) => OutputError::NotSucceeded { status, error, notes: Vec::new() },
            (Source::Local { run, .. }, error) => {
                let notes = warnings(run, &artifacts::sources(), Audience::Test);
                OutputError::NotSucceeded { status, error, notes }
            }
        }
    }

    /// Returns the error of an execution that did not succeed.
    pub const fn error(&self) -> Option<&ErrorObject> {
        self.recorded.error.as_ref()
    }

    /// Returns the execution's ARN.
    pub fn arn(&self) -> &str {
        &self.recorded.durable_execution_arn
    }

    /// Returns when the execution started.
    pub fn start(&self) -> Timestamp {
        self.recorded.operations.first().map(|execution| execution.start_timestamp).unwrap_or_default()
    }

    /// Returns when the execution closed, if it has.
    pub fn end(&self) -> Option<Timestamp> {
        match &self.source {
            Source::Local { run, .. } => run.execution.end_timestamp(),
            Source::Cloud(_) => self.recorded.operations.first().and_then(|execution| execution.end_timestamp),
        }
    }

    /// Returns where an operation stands in the handler's source.
    pub fn site(&self, operation: &Operation) -> Option<&CallSite> {
        self.recorded.sites.get(&operation.id)
    }

    /// Returns the history, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.recorded.events
    }

    /// Returns the invocations, in order.
    pub fn invocations(&self) -> &[InvocationRecord] {
        match &self.source {
            Source::Local { run, .. } => &run.invocations,
            Source::Cloud(details) => &details.invocations,
        }
    }

    /// Returns what the handler printed and logged, over all invocations. What it printed in the
    /// cloud is in CloudWatch: [`TestResult::text`] says where.
    pub fn logs(&self) -> impl Iterator<Item = &LogLine> {
        self.invocations().iter().flat_map(|invocation| &invocation.logs)
    }

    /// Returns reads of clock and random in handler code, under [`crate::Policy::Warn`].
    pub fn ambient_reads(&self) -> &[AmbientRead] {
        match &self.source {
            Source::Local { run, .. } => &run.ambient_reads,
            Source::Cloud(_) => &[],
        }
    }

    /// Returns the execution as the store keeps it and an export writes it.
    pub const fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// Returns the local run, which knows more.
    pub fn local(&self) -> Option<&Run> {
        match &self.source {
            Source::Local { run, .. } => Some(run),
            Source::Cloud(_) => None,
        }
    }

    /// Returns the executions that chained invokes started, at any depth, in start order.
    pub fn chained(&self) -> &[Self] {
        match &self.source {
            Source::Local { chained, .. } => chained,
            Source::Cloud(_) => &[],
        }
    }

    /// Returns the first execution of this function that a chained invoke started.
    pub fn chained_of(&self, function: &str) -> Option<&Self> {
        self.chained().iter().find(|chained| chained.recorded.function_name == function)
    }

    fn outside(&self) -> &Outside {
        self.local().map_or(&NO_OUTSIDE, |run| &run.outside)
    }

    /// Returns the calls of mocks, in order.
    pub fn mock_calls(&self) -> &[MockCall] {
        &self.outside().calls
    }

    /// Returns the callbacks that a run which ended RUNNING waits for.
    pub fn open_callbacks(&self) -> &[OpenCallback] {
        &self.outside().open_callbacks
    }

    /// Returns what Lambda would meter of this execution; chained ones are metered by themselves.
    pub const fn metering(&self) -> Metering {
        self.metering
    }

    /// Returns what a person should know: answers that were not used or refused, functions that do
    /// not exist, callbacks that are open, large payloads.
    pub fn warnings(&self) -> Vec<String> {
        let sources = artifacts::sources();
        let runs = std::iter::once(self).chain(self.chained()).filter_map(Self::local);
        runs.flat_map(|run| warnings(run, &sources, Audience::Test)).collect()
    }

    /// Returns status, result or error, and the tree of operations, as `durabox run` prints them,
    /// and the same of each chained execution.
    pub fn text(&self) -> String {
        let sources = artifacts::sources();
        let executions = || std::iter::once(self).chain(self.chained());
        let texts = executions().map(|result| {
            let details = match &result.source {
                Source::Local { run, .. } => details(run, executions().filter_map(Self::local)),
                Source::Cloud(details) => {
                    let metered = ("metered", metered(result.metering));
                    vec![("function", details.function.clone()), metered, ("logs", details.logs())]
                }
            };
            summary(&result.recorded, &details, &sources).join("\n")
        });
        texts.collect::<Vec<_>>().join("\n\n")
    }

    /// Prints [`TestResult::text`].
    pub fn print(&self) {
        println!("{}", self.text());
    }
}
