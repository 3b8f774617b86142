use std::fmt;
use std::sync::Arc;

use durabox_model::{ErrorObject, Operation, OperationType, SmolStr};

use super::CallSite;

/// Why the execution ends as FAILED whatever the handler does. No handler code sees it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The handler does not follow the record.
    #[error("Non-deterministic execution detected: {0}")]
    Divergence(Box<Divergence>),
    /// An operation that Lambda would reject.
    #[error("{what} at {site}: {problem}")]
    InvalidOperation {
        /// The operation, for a person.
        what: String,
        /// What is wrong, with the limit and the value.
        problem: String,
        /// Where it was asked for.
        site: CallSite,
    },
    /// An operation asked for inside a step's body.
    #[error("{claimed} was used inside the body of {step}, which may not use durable operations")]
    InsideStep {
        /// The operation, with its site.
        claimed: Box<Identity>,
        /// The step, with its site.
        step: Box<Identity>,
    },
    /// An operation of a context that has ended.
    #[error("{claimed} was used on {context}, which has ended")]
    ContextEnded {
        /// The operation, with its site.
        claimed: Box<Identity>,
        /// The context, with its site.
        context: Box<Identity>,
    },
    /// A call that no correct SDK makes.
    #[error("the guest broke the durable contract: {0}")]
    Contract(String),
}

impl Fault {
    /// Returns the error that the execution fails with.
    pub fn error_object(&self) -> ErrorObject {
        let error_type = match self {
            Self::Divergence(_) => "NonDeterministicExecutionError",
            Self::InvalidOperation { .. } => "InvalidParameterValueException",
            Self::InsideStep { .. } | Self::ContextEnded { .. } => "InvalidOperationUseError",
            Self::Contract(_) => "ContractViolation",
        };
        ErrorObject::new(error_type, self.to_string())
    }
}

/// Where a handler leaves its record.
#[derive(Clone, Debug, PartialEq)]
pub enum Divergence {
    /// Another operation stands at this position.
    Mismatch {
        /// What the record has.
        recorded: Arc<Operation>,
        /// What the handler asked for.
        claimed: Identity,
    },
    /// The record has closed without this operation.
    Unrecorded {
        /// What the handler asked for.
        claimed: Identity,
    },
    /// The handler waits for an operation that the record leaves open.
    Stalled {
        /// What it waits for.
        claimed: Identity,
    },
    /// The handler ended without asking for operations that are recorded.
    Unclaimed {
        /// What the record has, in start order.
        recorded: Vec<Arc<Operation>>,
    },
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mismatch { recorded, claimed } => {
                let expected = Identity::of(recorded, &claimed.path);
                write!(f, "recorded {}, but the handler asked for {claimed}", expected.kind_and_name())?;
                write!(f, " (operation {}, id {})", claimed.path, recorded.id)
            }
            Self::Unrecorded { claimed } => {
                write!(f, "the record ends without it, but the handler asked for {claimed}")
            }
            Self::Stalled { claimed } => {
                write!(f, "the record ends with the handler's answer, but the handler waits for {claimed}")
            }
            Self::Unclaimed { recorded } => {
                let first = recorded.first().map(|operation| Identity::of(operation, "").kind_and_name());
                write!(f, "recorded {}", first.unwrap_or_default())?;
                match recorded.len() {
                    0 | 1 => {}
                    more => write!(f, " and {} more", more - 1)?,
                }
                f.write_str(", but the handler ended without asking for it")
            }
        }
    }
}

/// What tells one operation from another on replay, and where it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its position, such as `2-1`.
    pub path: SmolStr,
    /// Its kind.
    pub operation_type: OperationType,
    /// Its finer kind.
    pub sub_type: Option<SmolStr>,
    /// Its name.
    pub name: Option<SmolStr>,
    /// Where in the source, if known.
    pub site: Option<CallSite>,
}

impl Identity {
    /// Returns the identity that a record has.
    pub fn of(operation: &Operation, path: &str) -> Self {
        Self {
            path: path.into(),
            operation_type: operation.operation_type,
            sub_type: operation.sub_type.clone(),
            name: operation.name.clone(),
            site: None,
        }
    }

    /// Returns type, sub-type and name, such as `STEP/Step "reserve"`.
    pub fn kind_and_name(&self) -> String {
        let mut text = self.operation_type.as_str().to_owned();
        if let Some(sub_type) = &self.sub_type {
            text.push('/');
            text.push_str(sub_type);
        }
        if let Some(name) = &self.name {
            text.push_str(&format!(" {name:?}"));
        }
        text
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind_and_name())?;
        match &self.site {
            Some(site) => write!(f, " at {site}"),
            None => Ok(()),
        }
    }
}
