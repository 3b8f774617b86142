use std::fmt;
use std::time::Duration;

use durabox_runtime::ArtifactError;
use durabox_runtime::local::{ControlError, LocalError};
use durabox_runtime::model::ExecutionStatus;

use super::Mode;
use crate::cloud::CloudError;
use crate::handlers::BuildError;
use crate::near;
use crate::workspace::WorkspaceError;

/// Why there is no result. An execution that failed is a result.
#[derive(thiserror::Error)]
pub enum RunError {
    /// The handler was not found.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The handler could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The artifact cannot be run.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The run could not be made.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The input cannot be written as JSON.
    #[error("the input cannot be written as JSON: {0}")]
    Input(serde_json::Error),
    /// A value for a callback or a mock cannot be written as JSON.
    #[error("a value given for a callback or a mock cannot be written as JSON: {0}")]
    Value(String),
    /// A callback could not be answered.
    #[error(transparent)]
    Callback(#[from] ControlError),
    /// The execution ended before the callback started.
    #[error("callback `{asked}` did not start, the execution is {}", status.as_str())]
    NoCallback {
        /// What was waited for.
        asked: String,
        /// How the execution ended.
        status: ExecutionStatus,
        /// The callbacks that did start.
        started: Vec<String>,
    },
    /// The handler is not deterministic.
    #[error("{0}")]
    Divergence(String),
    /// The cloud was asked in vain.
    #[error(transparent)]
    Cloud(Box<CloudError>),
    /// A local run took longer than its test allows.
    #[error("Execution did not complete within {}", crate::render::text::duration(*.0))]
    Timeout(Duration),
    /// The mode has no such thing.
    #[error("{what} in {mode} mode: {why}")]
    Unsupported {
        /// What was asked for.
        what: &'static str,
        /// Where.
        mode: Mode,
        /// Why it is not there.
        why: &'static str,
    },
    /// No async runtime could be made.
    #[error("no async runtime: {0}")]
    Runtime(std::io::Error),
    /// An earlier run in this process could not build the handler.
    #[error("{0}")]
    Repeated(String),
}

impl From<CloudError> for RunError {
    fn from(error: CloudError) -> Self {
        Self::Cloud(Box::new(error))
    }
}

impl RunError {
    /// Returns what to do about it, one hint to an element.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Workspace(error) => error.hints(),
            Self::Build(error) => error.hints(),
            Self::Cloud(error) => error.hints(),
            Self::Timeout(_) => {
                vec!["virtual time takes no time: does the handler loop, or a step wait for somebody outside?".into()]
            }
            Self::Artifact(error) => error.hint().map(str::to_owned).into_iter().collect(),
            Self::NoCallback { asked, started, .. } | Self::Callback(ControlError::Unknown { asked, started }) => {
                vec![near::hint(asked, "callbacks that started", started.iter().map(String::as_str))]
            }
            Self::Callback(ControlError::NotStarted { .. }) => {
                vec![
                    "answer the callback that holds the run first, or let its time run out with release_callback"
                        .into(),
                ]
            }
            _ => Vec::new(),
        }
    }
}

/// Writes what a person reads: this is what a test's `expect` prints.
impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        for hint in self.hints() {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
