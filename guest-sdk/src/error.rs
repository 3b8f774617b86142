//! How operations fail.

use std::error::Error;
use std::fmt;

use crate::BoxError;
use crate::bindings::host::FailedOutcome;
use crate::failure::{OperationStatus, ReplayedFailure, SERIALIZATION_FAILED, STEP_INTERRUPTED, WireError};

type Source<'a> = Option<&'a (dyn Error + 'static)>;

/// An operation that did not succeed. `{:#}` prints the whole chain of causes.
pub struct OperationError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: OperationErrorKind,
    status: Option<OperationStatus>,
    wire: Option<WireError>,
}

/// Which operation failed, and how.
#[derive(Debug)]
#[non_exhaustive]
pub enum OperationErrorKind {
    /// A step.
    Step(StepError),
    /// A wait.
    Wait(WaitError),
    /// A child context.
    ChildContext(ChildContextError),
}

/// How a step failed.
#[derive(Debug)]
pub struct StepError {
    kind: StepErrorKind,
    source: Option<BoxError>,
}

/// The ways in which a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepErrorKind {
    /// Its only attempt failed; in a retry strategy, the attempt at hand.
    ExecutionFailed,
    /// Its last attempt failed; this many were made.
    RetriesExhausted(u32),
    /// Its result could not be serialised or deserialised.
    SerializationFailed,
    /// An at-most-once attempt started and never reported: the invocation was cut off.
    StepInterrupted,
}

/// How a wait failed.
#[derive(Debug)]
pub struct WaitError {
    kind: WaitErrorKind,
    source: Option<BoxError>,
}

/// The ways in which a wait fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitErrorKind {
    /// It ended otherwise than by its time being over.
    UnexpectedStatus,
}

/// How a child context failed.
#[derive(Debug)]
pub struct ChildContextError {
    kind: ChildContextErrorKind,
    source: Option<BoxError>,
}

/// The ways in which a child context fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChildContextErrorKind {
    /// Its body failed.
    ChildFailed,
    /// Its result could not be serialised or deserialised.
    Internal,
}

impl OperationError {
    pub(crate) fn new(kind: OperationErrorKind, status: Option<OperationStatus>, wire: Option<WireError>) -> Self {
        Self(Box::new(Inner { kind, status, wire }))
    }

    /// Returns what failed, and how.
    pub fn kind(&self) -> &OperationErrorKind {
        &self.0.kind
    }

    /// Returns how the operation ended; `None` when it succeeded and its result could not be read.
    pub fn status(&self) -> Option<OperationStatus> {
        self.0.status
    }

    /// Returns the error as it was recorded; `None` when none was.
    pub fn wire(&self) -> Option<&WireError> {
        self.0.wire.as_ref()
    }
}

impl OperationErrorKind {
    /// Returns the ErrorType of an execution that ends with such an error.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Step(_) => "StepError",
            Self::Wait(_) => "WaitError",
            Self::ChildContext(_) => "ChildContextError",
        }
    }

    fn as_error(&self) -> &(dyn Error + 'static) {
        match self {
            Self::Step(error) => error,
            Self::Wait(error) => error,
            Self::ChildContext(error) => error,
        }
    }
}

impl StepError {
    /// Returns the error that a retry strategy is asked about.
    pub(crate) fn attempt(kind: StepErrorKind, source: Option<BoxError>) -> Self {
        Self { kind, source }
    }

    /// Turns a last attempt's error into the step's. Its kind is what replay would make of it.
    pub(crate) fn last(mut self, wire: WireError, attempts: u32) -> OperationError {
        self.kind = StepErrorKind::recorded(&wire, attempts);
        OperationError::new(OperationErrorKind::Step(self), Some(OperationStatus::Failed), Some(wire))
    }

    pub(crate) fn replayed(failed: FailedOutcome) -> OperationError {
        let wire = WireError(failed.error);
        let kind = StepErrorKind::recorded(&wire, failed.attempts);
        let error = Self { kind, source: Some(ReplayedFailure(wire.clone()).into()) };
        OperationError::new(OperationErrorKind::Step(error), Some(failed.status.into()), Some(wire))
    }

    pub(crate) fn unreadable(source: BoxError) -> OperationError {
        let error = Self { kind: StepErrorKind::SerializationFailed, source: Some(source) };
        OperationError::new(OperationErrorKind::Step(error), None, None)
    }

    /// Returns how the step failed.
    pub fn kind(&self) -> &StepErrorKind {
        &self.kind
    }

    /// Returns the error of the attempt; a [`ReplayedFailure`] when it was made in an earlier invocation.
    pub fn source(&self) -> Source<'_> {
        source(&self.source)
    }
}

impl StepErrorKind {
    fn recorded(wire: &WireError, attempts: u32) -> Self {
        match (wire.error_type(), attempts) {
            (Some(SERIALIZATION_FAILED), _) => Self::SerializationFailed,
            (Some(STEP_INTERRUPTED), _) => Self::StepInterrupted,
            (_, 0 | 1) => Self::ExecutionFailed,
            (_, attempts) => Self::RetriesExhausted(attempts),
        }
    }
}

impl WaitError {
    pub(crate) fn replayed(failed: FailedOutcome) -> OperationError {
        let wire = WireError(failed.error);
        let error = Self { kind: WaitErrorKind::UnexpectedStatus, source: Some(ReplayedFailure(wire.clone()).into()) };
        OperationError::new(OperationErrorKind::Wait(error), Some(failed.status.into()), Some(wire))
    }

    /// Returns how the wait failed.
    pub fn kind(&self) -> &WaitErrorKind {
        &self.kind
    }

    /// Returns a [`ReplayedFailure`].
    pub fn source(&self) -> Source<'_> {
        source(&self.source)
    }
}

impl ChildContextError {
    pub(crate) fn failed(source: BoxError, wire: WireError) -> OperationError {
        let error = Self { kind: ChildContextErrorKind::recorded(&wire), source: Some(source) };
        OperationError::new(OperationErrorKind::ChildContext(error), Some(OperationStatus::Failed), Some(wire))
    }

    pub(crate) fn replayed(failed: FailedOutcome) -> OperationError {
        let wire = WireError(failed.error);
        let kind = ChildContextErrorKind::recorded(&wire);
        let error = Self { kind, source: Some(ReplayedFailure(wire.clone()).into()) };
        OperationError::new(OperationErrorKind::ChildContext(error), Some(failed.status.into()), Some(wire))
    }

    pub(crate) fn unreadable(source: BoxError) -> OperationError {
        let error = Self { kind: ChildContextErrorKind::Internal, source: Some(source) };
        OperationError::new(OperationErrorKind::ChildContext(error), None, None)
    }

    /// Returns how the child context failed.
    pub fn kind(&self) -> &ChildContextErrorKind {
        &self.kind
    }

    /// Returns the error of its body; a [`ReplayedFailure`] when it ended in an earlier invocation.
    pub fn source(&self) -> Source<'_> {
        source(&self.source)
    }
}

impl ChildContextErrorKind {
    fn recorded(wire: &WireError) -> Self {
        match wire.error_type() {
            Some(SERIALIZATION_FAILED) => Self::Internal,
            _ => Self::ChildFailed,
        }
    }
}

fn source(source: &Option<BoxError>) -> Source<'_> {
    source.as_deref().map(|error| error as &(dyn Error + 'static))
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0.kind.as_error();
        fmt::Display::fmt(error, f)?;
        let mut cause = error.source().filter(|_| f.alternate());
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Error for OperationError {
    fn source(&self) -> Source<'_> {
        self.0.kind.as_error().source()
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            StepErrorKind::ExecutionFailed => f.write_str("step failed"),
            StepErrorKind::RetriesExhausted(attempts) => write!(f, "step failed after {attempts} attempts"),
            StepErrorKind::SerializationFailed => f.write_str("step result could not be serialised"),
            StepErrorKind::StepInterrupted => f.write_str("step was interrupted"),
        }
    }
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            WaitErrorKind::UnexpectedStatus => f.write_str("wait ended before its time"),
        }
    }
}

impl fmt::Display for ChildContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ChildContextErrorKind::ChildFailed => f.write_str("child context failed"),
            ChildContextErrorKind::Internal => f.write_str("child context result could not be serialised"),
        }
    }
}

impl Error for StepError {
    fn source(&self) -> Source<'_> {
        self.source()
    }
}

impl Error for WaitError {
    fn source(&self) -> Source<'_> {
        self.source()
    }
}

impl Error for ChildContextError {
    fn source(&self) -> Source<'_> {
        self.source()
    }
}
