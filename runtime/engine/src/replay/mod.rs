//! What an SDK does for one invocation of a durable function.
//!
//! [`Replay`] takes the recorded operations, answers the handler's claims from them, decides what
//! must run, and collects the updates to checkpoint. The guest knows operations by handle; ids,
//! tokens and batches stay here.

mod entry;
mod fault;
mod identity;
mod machine;
mod operation;
mod outgoing;
mod report;
mod retry;
mod verify;

pub use entry::ClaimView;
pub use fault::{Divergence, Fault, Identity};
pub use identity::wire_id;
pub use machine::{Mode, Replay};
pub use retry::{Jitter, RetryDecision, RetryStrategy};

use std::fmt;

use durabox_model::{CallbackOptions, ChainedInvokeOptions, ErrorObject, OperationStatus, SmolStr};

/// A place in the handler's source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallSite {
    /// Path as the compiler saw it.
    pub file: SmolStr,
    /// From 1; 0 when unknown.
    pub line: u32,
    /// From 1; 0 when unknown.
    pub column: u32,
}

impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Whether a step that never reported may run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepSemantics {
    /// Yes; its START is not waited for.
    AtLeastOncePerRetry,
    /// No; its START is durable before the body runs.
    AtMostOncePerRetry,
}

/// What an operation asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Run a body and record what it returns.
    Step(StepSemantics),
    /// Run a check until its state will do.
    Condition,
    /// Let time pass.
    Wait {
        /// 1 to 31,622,400.
        seconds: u64,
    },
    /// Wait for someone outside.
    Callback(CallbackOptions),
    /// Invoke another function.
    Invoke(Box<ChainedInvokeOptions>),
    /// Count operations in a context of its own.
    Context {
        /// `RunInChildContext` for the SDK's own.
        sub_type: SmolStr,
    },
    /// Do so without being an operation: what runs inside belongs to the context around it.
    VirtualContext {
        /// `MapIteration` or `ParallelBranch`.
        sub_type: SmolStr,
    },
}

impl Request {
    /// Whether operations can be claimed in it.
    pub(super) const fn is_context(&self) -> bool {
        matches!(self, Self::Context { .. } | Self::VirtualContext { .. })
    }

    /// Whether its body may do what it likes.
    pub(super) const fn is_step(&self) -> bool {
        matches!(self, Self::Step(_) | Self::Condition)
    }
}

/// An operation as the handler asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The context's handle; 0 is the execution's own.
    pub context: u32,
    /// Its number in the context, from 1.
    pub index: u32,
    /// The map or parallel operation that a branch belongs to.
    pub batch: Option<u32>,
    /// The author's name for it.
    pub name: Option<SmolStr>,
    /// What it asks for.
    pub request: Request,
    /// Where in the source.
    pub site: CallSite,
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// How the guest names the operation from now on.
    pub handle: u32,
    /// What the record says of it.
    pub recorded: Recorded,
    /// Present when the operation ended before; never for a callback, which tells its id first.
    pub settled: Option<Outcome>,
}

/// What the record says of a claimed operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Nothing: it has not started.
    Absent,
    /// It goes on.
    Open,
    /// It has ended. Without an outcome, its children rebuild the result.
    Ended,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Well, with a result.
    Succeeded(Option<String>),
    /// Otherwise.
    Failed {
        /// FAILED, TIMED_OUT, STOPPED or CANCELLED.
        status: OperationStatus,
        /// Why.
        error: ErrorObject,
        /// Attempts made, for a step.
        attempts: u32,
    },
}

/// What an operation needs next.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Nothing until it is ready.
    Pending,
    /// Its body must run.
    Run {
        /// From 1; 0 for anything but a step.
        attempt: u32,
        /// What the record carries into this run: a condition's state, a batch's summary.
        carried: Option<String>,
    },
    /// A callback exists, with this id.
    Opened(String),
    /// This attempt started earlier and never reported.
    Interrupted(u32),
    /// What the guest reported is durable.
    Acknowledged,
    /// Ended outside this invocation's body.
    Settled(Outcome),
}

/// Whose code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Between operations, where everything must be the same on every replay.
    Handler {
        /// The context's handle.
        context: u32,
    },
    /// A step's body, which may do what it likes.
    Step {
        /// The step's handle.
        handle: u32,
        /// The attempt, from 1.
        attempt: u32,
    },
}
