//! The chained invokes of a run: what each calls, and in which execution.

use durabox_engine::service::ChainedInvoke;
use durabox_model::ErrorObject;

use super::functions::Found;
use super::names::ExecutionNames;
use super::{FunctionRef, Functions, Mock, UnknownFunction};
use crate::artifact::Artifact;

/// A chained invoke that was started and has not been run.
pub(super) struct StartedInvoke {
    /// The execution that started it, by its place in the run.
    pub(super) member: usize,
    pub(super) invoke: ChainedInvoke,
    pub(super) target: Target,
}

/// What a chained invoke calls.
pub(super) enum Target {
    /// A handler, in an execution of its own; it is loaded later when `artifact` is absent.
    Handler { function: FunctionRef, names: ExecutionNames, artifact: Option<Artifact> },
    /// A plain function.
    Mock { function: FunctionRef, mock: Mock },
    /// Nothing: the invoke fails.
    Refused(ErrorObject),
}

impl Target {
    /// Returns the version that runs.
    pub(super) fn version(&self) -> Option<String> {
        match self {
            Self::Handler { function, .. } | Self::Mock { function, .. } => Some(function.version().to_owned()),
            Self::Refused(_) => None,
        }
    }

    /// Returns the execution that is started, if one is.
    pub(super) fn execution_arn(&self) -> Option<String> {
        match self {
            Self::Handler { names, .. } => Some(names.arn.clone()),
            Self::Mock { .. } | Self::Refused(_) => None,
        }
    }
}

/// Resolves chained invokes, and keeps them until the driver runs them.
pub(super) struct Invokes {
    functions: Functions,
    seed: u64,
    /// How many more executions may be started.
    room: usize,
    /// The most that may be, for the error.
    limit: usize,
    started: Vec<StartedInvoke>,
    pub(super) unknown: Vec<UnknownFunction>,
}

impl Invokes {
    pub(super) const fn new(functions: Functions, seed: u64, limit: usize) -> Self {
        Self { functions, seed, room: limit, limit, started: Vec::new(), unknown: Vec::new() }
    }

    /// Decides what an invoke calls.
    pub(super) fn resolve(&mut self, parent_arn: &str, invoke: &ChainedInvoke) -> Target {
        let function = FunctionRef::parse(&invoke.function_name);
        let artifact = match self.functions.find(&function) {
            Found::Mock(mock) => return Target::Mock { function, mock },
            Found::Unknown(unknown) => {
                let error = unknown.error();
                if !self.unknown.contains(&unknown) {
                    self.unknown.push(unknown);
                }
                return Target::Refused(error);
            }
            Found::Handler(artifact) => Some(artifact),
            Found::Resolved => None,
        };
        let Some(room) = self.room.checked_sub(1) else {
            let message = format!(
                "a local run starts at most {} executions by chained invokes; {function} would be one more",
                self.limit
            );
            return Target::Refused(ErrorObject::new("TooManyRequestsException", message));
        };
        self.room = room;
        let names = ExecutionNames::of_chained(self.seed, &function, parent_arn, &invoke.operation_id);
        Target::Handler { function, names, artifact }
    }

    pub(super) fn push(&mut self, started: StartedInvoke) {
        self.started.push(started);
    }

    /// Takes what was started since the last call, in start order.
    pub(super) fn take(&mut self) -> Vec<StartedInvoke> {
        std::mem::take(&mut self.started)
    }

    pub(super) const fn functions(&self) -> &Functions {
        &self.functions
    }
}
