use std::fmt;

use durabox_engine::replay::{CallSite, Fault, Replay};
use durabox_model::{ErrorObject, SmolStr};

use super::{CheckpointClient, LogLine};

/// What came of an invocation.
pub struct InvocationReport {
    /// The machine, as the invocation left it.
    pub replay: Replay,
    /// The client, for what must be told after the handler has returned.
    pub client: Box<dyn CheckpointClient>,
    /// How it ended.
    pub end: InvocationEnd,
    /// Its output, in order.
    pub logs: Vec<LogLine>,
    /// Reads of clock and random in handler code, under [`super::Policy::Warn`]; at most 1,000.
    pub ambient_reads: Vec<AmbientRead>,
    /// What the handler panicked with, and where.
    pub panic: Option<(String, CallSite)>,
    /// Most bytes of linear memory that it had.
    pub peak_memory: u64,
    /// How often an operation was polled.
    pub polls: u64,
    /// How many checkpoints were made.
    pub checkpoints: u64,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum InvocationEnd {
    /// The handler answered.
    Finished(Result<Option<String>, ErrorObject>),
    /// Nothing could go on; an operation must move first.
    Suspended,
    /// The handler did what no durable handler may: the execution fails.
    Fault(Fault),
    /// The sandbox refused what the handler did: the execution fails.
    Refused(ErrorObject),
    /// The service refused a checkpoint: the execution fails.
    Rejected(ErrorObject),
    /// It stopped without an answer: Lambda retries the invocation.
    Crashed(ErrorObject),
}

/// A read, in handler code, of something that differs from run to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmbientRead {
    /// What was read.
    pub what: Ambient,
    /// Wire id of the operation that was claimed last before it; `None` before the first.
    pub after: Option<SmolStr>,
    /// Where that operation stands in the source.
    pub site: Option<CallSite>,
    /// How often, one after the other.
    pub count: u64,
}

/// What differs from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ambient {
    /// `SystemTime::now`.
    WallClock,
    /// `Instant::now`.
    MonotonicClock,
    /// Random numbers.
    Random,
}

impl fmt::Display for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WallClock => "the wall clock",
            Self::MonotonicClock => "the monotonic clock",
            Self::Random => "random numbers",
        })
    }
}

impl fmt::Debug for InvocationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvocationReport")
            .field("end", &self.end)
            .field("logs", &self.logs)
            .field("ambient_reads", &self.ambient_reads)
            .field("panic", &self.panic)
            .field("peak_memory", &self.peak_memory)
            .field("polls", &self.polls)
            .field("checkpoints", &self.checkpoints)
            .finish_non_exhaustive()
    }
}
