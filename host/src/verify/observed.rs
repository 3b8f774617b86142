use durabox_runtime::model::{ErrorObject, ExecutionStatus, OperationStatus};
use serde::{Deserialize, Serialize};

use crate::golden::{paths, signature};
use crate::runner::TestResult;

/// An execution, as far as it is the same wherever it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// The function, as it was named where it ran.
    pub function: String,
    /// The execution.
    pub arn: String,
    /// What ran.
    pub artifact: Artifact,
    /// The input, JSON text.
    pub input: Option<String>,
    /// How it ended.
    pub status: ExecutionStatus,
    /// The result, JSON text.
    pub output: Option<String>,
    /// The error.
    pub error: Option<ErrorObject>,
    /// The operations, in start order.
    pub operations: Vec<ObservedOperation>,
    /// The history's signature, a line to an event.
    pub history: Vec<String>,
}

/// The artifact of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Artifact {
    /// Known by its SHA-256, in hexadecimal.
    Sha256(String),
    /// Not known, for this reason.
    Unknown(String),
}

/// An operation, without what differs from run to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObservedOperation {
    /// Kinds, sub-types and names from the outermost context inwards, ending with its own.
    pub path: String,
    /// The path of the context that it stands in; empty for the handler's own.
    pub context: String,
    /// How it ended.
    pub status: OperationStatus,
}

impl ObservedOperation {
    /// Returns its own part of its path.
    pub fn title(&self) -> &str {
        let rest = self.path.strip_prefix(self.context.as_str()).and_then(|rest| rest.strip_prefix(" / "));
        rest.unwrap_or(&self.path)
    }
}

impl Observed {
    /// Returns what is to be compared of a result.
    pub fn of(result: &TestResult) -> Self {
        let paths = paths(result);
        let path = |id: &str| paths.get(id).cloned().unwrap_or_default();
        let operations = result.operations().iter().map(|operation| ObservedOperation {
            path: path(&operation.id),
            context: operation.parent_id.as_deref().map(path).unwrap_or_default(),
            status: operation.status,
        });
        let recorded = result.recorded();
        Self {
            function: result.function().to_owned(),
            arn: result.arn().to_owned(),
            artifact: match result.artifact_sha256() {
                Some(sha256) => Artifact::Sha256(sha256.to_owned()),
                None => Artifact::Unknown("not asked for".to_owned()),
            },
            input: recorded.input_payload.clone(),
            status: result.status(),
            output: recorded.result.clone(),
            error: result.error().cloned(),
            operations: operations.collect(),
            history: signature(result).lines().map(str::to_owned).collect(),
        }
    }
}
