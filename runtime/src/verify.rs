//! Replays a recorded execution against a build, offline: nothing starts, no step body runs, and
//! the handler is compared with its record operation by operation.

use std::collections::HashMap;
use std::sync::Arc;

use durabox_engine::replay::{CallSite, Divergence, Fault, Mode, Replay};
use durabox_engine::{CheckpointRequest, history};
use durabox_model::{
    ErrorObject, Event, EventDetails, ExecutionStatus, Operation, OperationStatus, OperationType, SmolStr, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::artifact::{Artifact, Sandbox};
use crate::clock::Clock;
use crate::local::Run;
use crate::sandbox::{
    AmbientRead, CheckpointClient, CheckpointFailure, CheckpointFuture, Invocation, InvocationEnd, InvocationInfo,
    InvokeOptions,
};

/// An execution as it was recorded; as JSON, the document that an export writes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Recorded {
    /// The execution.
    pub durable_execution_arn: String,
    /// The function that ran.
    pub function_name: String,
    /// Where the execution stands.
    pub status: ExecutionStatus,
    /// The input event, JSON text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_payload: Option<String>,
    /// The result, JSON text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub result: Option<String>,
    /// The error.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ErrorObject>,
    /// Every operation in start order, the EXECUTION operation first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub operations: Vec<Arc<Operation>>,
    /// The history, oldest first.
    pub events: Vec<Event>,
    /// Where each operation was asked for, by operation id; known for local runs only.
    #[serde(skip_serializing_if = "HashMap::is_empty", default, with = "sites")]
    pub sites: HashMap<SmolStr, CallSite>,
}

/// Why a document is not a recorded execution.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// Not JSON, or not of either shape.
    #[error("not a recorded execution: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The history does not begin with the execution's start.
    #[error("the history has no ExecutionStarted event, so it is not whole")]
    NoStart,
    /// Payloads are missing.
    #[error("event {0} has its payload left out; the history must be read with execution data")]
    Truncated(u64),
}

impl Recorded {
    /// Reads an exported document, or the answer of `GetDurableExecutionHistory`.
    pub fn from_json(text: &str) -> Result<Self, RecordedError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct HistoryAnswer {
            events: Vec<Event>,
        }
        let value: serde_json::Value = serde_json::from_str(text)?;
        if value.get("DurableExecutionArn").is_some() {
            return Ok(serde_json::from_value(value)?);
        }
        let answer: HistoryAnswer = serde_json::from_value(value)?;
        Self::from_events(answer.events)
    }

    /// Rebuilds what a history alone says. Payloads must be in it.
    pub fn from_events(events: Vec<Event>) -> Result<Self, RecordedError> {
        let Some(EventDetails::ExecutionStarted(started)) = events.first().map(|event| &event.details) else {
            return Err(RecordedError::NoStart);
        };
        if let Some(event) = events.iter().find(|event| is_truncated(&event.details)) {
            return Err(RecordedError::Truncated(event.event_id));
        }
        let mut recorded = Self {
            durable_execution_arn:
                "arn:aws:lambda:us-east-1:123456789012:function:unknown:$LATEST/durable-execution/unknown/unknown"
                    .into(),
            function_name: "unknown".into(),
            status: ExecutionStatus::Running,
            input_payload: started.details.input.payload.clone(),
            result: None,
            error: None,
            operations: history::operations(&events, "unknown").into_iter().map(Arc::new).collect(),
            events: Vec::new(),
            sites: HashMap::new(),
        };
        for event in &events {
            match &event.details {
                EventDetails::ExecutionSucceeded(end) => {
                    recorded.status = ExecutionStatus::Succeeded;
                    recorded.result.clone_from(&end.details.result.payload);
                }
                EventDetails::ExecutionFailed(end) => {
                    recorded.status = ExecutionStatus::Failed;
                    recorded.error = end.details.error.payload.as_deref().cloned();
                }
                EventDetails::ExecutionTimedOut(_) => recorded.status = ExecutionStatus::TimedOut,
                EventDetails::ExecutionStopped(_) => recorded.status = ExecutionStatus::Stopped,
                _ => {}
            }
        }
        recorded.events = events;
        Ok(recorded)
    }

    /// Returns the execution's name, the last but one part of its ARN.
    pub fn execution_name(&self) -> &str {
        self.durable_execution_arn.rsplit('/').nth(1).unwrap_or(&self.durable_execution_arn)
    }

    /// Whether the handler itself ended the execution, so that nothing follows its record.
    fn is_complete(&self) -> bool {
        let last = self.events.iter().rev().find_map(|event| match &event.details {
            EventDetails::InvocationCompleted(completed) => Some(completed.details.error.is_none()),
            _ => None,
        });
        match self.status {
            ExecutionStatus::Succeeded => true,
            ExecutionStatus::Failed => last.unwrap_or(true),
            ExecutionStatus::Running
            | ExecutionStatus::Pausing
            | ExecutionStatus::Paused
            | ExecutionStatus::TimedOut
            | ExecutionStatus::Stopped => false,
        }
    }
}

impl From<&Run> for Recorded {
    fn from(run: &Run) -> Self {
        let execution = &run.execution;
        Self {
            durable_execution_arn: execution.arn().to_owned(),
            function_name: run.function_name.clone(),
            status: execution.status(),
            input_payload: execution.input().map(str::to_owned),
            result: execution.result().map(str::to_owned),
            error: execution.error().cloned(),
            operations: execution.operations().to_vec(),
            events: execution.events().to_vec(),
            sites: run.sites.clone(),
        }
    }
}

fn is_truncated(details: &EventDetails) -> bool {
    match details {
        EventDetails::ExecutionStarted(event) => event.details.input.truncated,
        EventDetails::StepSucceeded(event) => event.details.result.truncated,
        EventDetails::ContextSucceeded(event) => event.details.result.truncated,
        EventDetails::CallbackSucceeded(event) => event.details.result.truncated,
        EventDetails::ChainedInvokeSucceeded(event) => event.details.result.truncated,
        _ => false,
    }
}

/// Whether a build follows a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// To its end, with the same result.
    Follows,
    /// To its end, with another result.
    ResultDiffers {
        /// JSON text.
        recorded: String,
        /// JSON text.
        got: String,
    },
    /// To its end, which is another one.
    EndsOtherwise {
        /// How the execution ended, for a person.
        recorded: String,
        /// How the replay ended.
        got: String,
    },
    /// It leaves the record.
    Diverges(Divergence),
    /// It asks for something that is refused in any run.
    Refused(ErrorObject),
    /// It does not get that far.
    Crashed(ErrorObject),
}

impl Verdict {
    /// Whether an execution with this record goes on as if it had been this build's own.
    pub const fn is_safe(&self) -> bool {
        matches!(self, Self::Follows | Self::ResultDiffers { .. })
    }
}

/// What a replay found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whether the build follows the record.
    pub verdict: Verdict,
    /// What the handler asked for, in order, up to where it left the record.
    pub claims: Vec<ClaimedOperation>,
    /// Reads of clock and random in handler code, where the policy reports them.
    pub ambient_reads: Vec<AmbientRead>,
}

/// An operation that the handler asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedOperation {
    /// The wire id.
    pub id: SmolStr,
    /// The position, such as `2-1`.
    pub path: SmolStr,
    /// The kind.
    pub operation_type: OperationType,
    /// The finer kind.
    pub sub_type: SmolStr,
    /// The name.
    pub name: Option<SmolStr>,
    /// Where in the source.
    pub site: CallSite,
}

/// Replays `recorded` against `artifact`.
pub async fn replay(sandbox: &Sandbox, artifact: &Artifact, recorded: &Recorded, options: InvokeOptions) -> Report {
    let complete = recorded.is_complete();
    let operations = recorded.operations.clone();
    let start = operations.first().map(|execution| execution.start_timestamp).unwrap_or_default();
    let last = recorded.events.last().map_or(start, |event| event.event_timestamp);
    let function_arn = recorded.durable_execution_arn.split("/durable-execution/").next().unwrap_or_default();
    let invocation = Invocation {
        replay: Replay::new(String::new(), operations, Mode::Recorded { complete }),
        info: InvocationInfo {
            execution_arn: recorded.durable_execution_arn.clone(),
            input: recorded.input_payload.clone().unwrap_or_else(|| "null".into()),
            request_id: "replay".into(),
            function_arn: function_arn.to_owned(),
        },
        client: Box::new(Offline),
        clock: Clock::virtual_at(Timestamp::max(last, start)),
        options: Arc::new(options),
        sink: None,
    };
    let report = sandbox.invoke(artifact, invocation).await;
    let replay = report.replay;
    let mut claims: Vec<ClaimedOperation> = replay
        .claims()
        .map(|claim| ClaimedOperation {
            id: claim.id.clone(),
            path: claim.path.into(),
            operation_type: claim.operation_type,
            sub_type: claim.sub_type.into(),
            name: claim.name.map(Into::into),
            site: claim.site.clone(),
        })
        .collect();
    let verdict = match report.end {
        InvocationEnd::Finished(outcome) => judge_end(recorded, complete, &replay, outcome),
        InvocationEnd::Suspended => match replay.stalled().filter(|_| complete) {
            Some(divergence) => Verdict::Diverges(divergence),
            None => Verdict::Follows,
        },
        InvocationEnd::Fault(Fault::Divergence(divergence)) => {
            if let Divergence::Mismatch { claimed, recorded } = &*divergence {
                claims.push(ClaimedOperation {
                    id: recorded.id.clone(),
                    path: claimed.path.clone(),
                    operation_type: claimed.operation_type,
                    sub_type: claimed.sub_type.clone().unwrap_or_default(),
                    name: claimed.name.clone(),
                    site: claimed.site.clone().unwrap_or_default(),
                });
            }
            Verdict::Diverges(*divergence)
        }
        InvocationEnd::Fault(fault) => Verdict::Refused(fault.error_object()),
        InvocationEnd::Refused(error) | InvocationEnd::Rejected(error) => Verdict::Refused(error),
        InvocationEnd::Crashed(error) => Verdict::Crashed(error),
    };
    Report { verdict, claims, ambient_reads: report.ambient_reads }
}

fn judge_end(
    recorded: &Recorded,
    complete: bool,
    replay: &Replay,
    outcome: Result<Option<String>, ErrorObject>,
) -> Verdict {
    if let Err(divergence) = replay.check_claimed_whole() {
        return Verdict::Diverges(divergence);
    }
    if !complete {
        let open = recorded.operations.iter().find(|operation| {
            operation.operation_type != OperationType::Execution
                && matches!(
                    operation.status,
                    OperationStatus::Started | OperationStatus::Pending | OperationStatus::Ready
                )
        });
        return match open {
            // The record is open, and the build ends without what it waits for.
            Some(_) => Verdict::EndsOtherwise { recorded: "open".into(), got: describe(&outcome) },
            None => Verdict::Follows,
        };
    }
    match (&outcome, recorded.status) {
        (Ok(got), ExecutionStatus::Succeeded) => {
            let (got, recorded) = (got.as_deref().unwrap_or("null"), recorded.result.as_deref().unwrap_or("null"));
            if same_json(recorded, got) {
                Verdict::Follows
            } else {
                Verdict::ResultDiffers { recorded: recorded.to_owned(), got: got.to_owned() }
            }
        }
        (Err(_), ExecutionStatus::Failed) => Verdict::Follows,
        _ => Verdict::EndsOtherwise { recorded: recorded.status.as_str().to_owned(), got: describe(&outcome) },
    }
}

fn describe(outcome: &Result<Option<String>, ErrorObject>) -> String {
    match outcome {
        Ok(_) => "SUCCEEDED".into(),
        Err(error) => format!("FAILED: {}", error.error_message.as_deref().unwrap_or("without a message")),
    }
}

/// Whether two JSON texts mean the same; the order of an object's members does not count.
fn same_json(a: &str, b: &str) -> bool {
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    a == b || matches!((parse(a), parse(b)), (Some(a), Some(b)) if a == b)
}

/// A replay has nothing to tell anyone; that it tries is a mistake of the engine's.
struct Offline;

impl CheckpointClient for Offline {
    fn checkpoint<'a>(&'a mut self, _request: CheckpointRequest) -> CheckpointFuture<'a> {
        let error = ErrorObject::new("ReplayError", "a replay does not checkpoint");
        Box::pin(std::future::ready(Err(CheckpointFailure::Rejected { error, operation_id: None })))
    }
}

/// Call sites as JSON: `{"<operation id>": {"File": …, "Line": …, "Column": …}}`.
mod sites {
    use std::collections::{BTreeMap, HashMap};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{CallSite, SmolStr};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Site {
        file: SmolStr,
        line: u32,
        column: u32,
    }

    pub(super) fn serialize<S: Serializer>(map: &HashMap<SmolStr, CallSite>, serializer: S) -> Result<S::Ok, S::Error> {
        let sorted: BTreeMap<&SmolStr, Site> = map
            .iter()
            .map(|(id, site)| (id, Site { file: site.file.clone(), line: site.line, column: site.column }))
            .collect();
        sorted.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<HashMap<SmolStr, CallSite>, D::Error> {
        let map = HashMap::<SmolStr, Site>::deserialize(deserializer)?;
        Ok(map
            .into_iter()
            .map(|(id, site)| (id, CallSite { file: site.file, line: site.line, column: site.column }))
            .collect())
    }
}
