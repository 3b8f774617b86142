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
mod retry;
mod verify;

pub use entry::ClaimView;
pub use fault::{Divergence, Fault, Identity};
pub use identity::wire_id;
pub use machine::{Mode, Replay};
pub use retry::{Jitter, RetryDecision, RetryStrategy};

use std::fmt;

use durabox_model::{ErrorObject, OperationStatus};

/// A place in the handler's source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallSite {
    /// Path as the compiler saw it.
    pub file: String,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Run a body and record what it returns.
    Step(StepSemantics),
    /// Let time pass.
    Wait {
        /// 1 to 31,622,400.
        seconds: u64,
    },
    /// Count operations in a context of its own.
    Context {
        /// `RunInChildContext` for the SDK's own.
        sub_type: String,
    },
}

/// An operation as the handler asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The context's handle; 0 is the execution's own.
    pub context: u32,
    /// Its number in the context, from 1.
    pub index: u32,
    /// The author's name for it.
    pub name: Option<String>,
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
    /// Present when the operation ended before.
    pub settled: Option<Outcome>,
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
    /// Its body must run: attempt from 1, 0 for a context.
    Run(u32),
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
