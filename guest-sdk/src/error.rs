//! How operations fail. Shapes, names and texts are those of the official SDK, so that what is
//! recorded of a failure is the same.

use std::error::Error;
use std::fmt;

use crate::BoxError;
use crate::bindings::host::FailedOutcome;
use crate::failure::{ReplayedFailure, WireError, status_name, write_chain};

/// An operation that did not succeed. `{:#}` prints the whole chain of causes.
pub struct OperationError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: OperationErrorKind,
    operation_id: Option<String>,
    status: Option<&'static str>,
    wire: Option<WireError>,
}

/// Which operation failed, and how.
#[derive(Debug)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum OperationErrorKind {
    Step(StepError),
    Wait(WaitError),
    Invoke(InvokeError),
    Callback(CallbackError),
    WaitForCondition(WaitForConditionError),
    ChildContext(ChildContextError),
    Combinator(CombinatorError),
}

impl OperationError {
    pub(crate) fn new(kind: impl Into<OperationErrorKind>) -> Self {
        Self(Box::new(Inner { kind: kind.into(), operation_id: None, status: None, wire: None }))
    }

    /// Says which operation failed, and how the record has it.
    pub(crate) fn recorded(mut self, operation_id: String, status: &'static str, wire: WireError) -> Self {
        self.0.operation_id = Some(operation_id);
        self.0.status = Some(status);
        self.0.wire = Some(wire);
        self
    }

    pub(crate) fn with_wire(mut self, wire: WireError) -> Self {
        self.0.wire = Some(wire);
        self
    }

    /// Returns what failed, and how.
    pub fn kind(&self) -> &OperationErrorKind {
        &self.0.kind
    }

    /// Returns the id of the operation in the record; `None` when it has no failure there.
    pub fn operation_id(&self) -> Option<&str> {
        self.0.operation_id.as_deref()
    }

    /// Returns the status in the record, such as `FAILED` or `TIMED_OUT`; `None` when the record
    /// has no failure.
    pub fn status(&self) -> Option<&str> {
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
            Self::Invoke(_) => "InvokeError",
            Self::Callback(_) => "CallbackError",
            Self::WaitForCondition(_) => "WaitForConditionError",
            Self::ChildContext(_) => "ChildContextError",
            Self::Combinator(_) => "PromiseCombinatorError",
        }
    }

    fn family(&self) -> &'static str {
        match self {
            Self::Step(_) => "step",
            Self::Wait(_) => "wait",
            Self::Invoke(_) => "invoke",
            Self::Callback(_) => "callback",
            Self::WaitForCondition(_) => "wait_for_condition",
            Self::ChildContext(_) => "child_context",
            Self::Combinator(_) => "combinator",
        }
    }

    fn as_error(&self) -> &(dyn Error + 'static) {
        match self {
            Self::Step(error) => error,
            Self::Wait(error) => error,
            Self::Invoke(error) => error,
            Self::Callback(error) => error,
            Self::WaitForCondition(error) => error,
            Self::ChildContext(error) => error,
            Self::Combinator(error) => error,
        }
    }
}

impl fmt::Display for OperationErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.family(), self.as_error())
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("operation error: {}", self.0.kind.family());
        if f.alternate() { write_chain(f, &text, self.source()) } else { f.write_str(&text) }
    }
}

impl fmt::Debug for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Error for OperationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.kind.as_error())
    }
}

/// Declares the error of one kind of operation: how it failed, and why.
macro_rules! failures {
    ($($(#[$doc:meta])* $error:ident, $kind:ident in $variant:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        #[non_exhaustive]
        pub struct $error {
            kind: $kind,
            source: Option<BoxError>,
        }

        impl $error {
            pub(crate) fn new(kind: $kind, source: Option<BoxError>) -> Self {
                Self { kind, source }
            }

            #[allow(dead_code, reason = "not every kind of error is taken apart")]
            pub(crate) fn into_source(self) -> Option<BoxError> {
                self.source
            }

            /// Returns how it failed.
            pub fn kind(&self) -> &$kind {
                &self.kind
            }

            /// Returns why; a [`ReplayedFailure`] when it failed in an earlier invocation.
            pub fn source(&self) -> Option<&(dyn Error + 'static)> {
                Error::source(self)
            }
        }

        impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if f.alternate() { write_chain(f, &self.kind, self.source()) } else { fmt::Display::fmt(&self.kind, f) }
            }
        }

        impl Error for $error {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                self.source.as_deref().map(|source| source as &(dyn Error + 'static))
            }
        }

        impl From<$error> for OperationErrorKind {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

failures! {
    /// How a step failed.
    StepError, StepErrorKind in Step;
    /// How a wait failed.
    WaitError, WaitErrorKind in Wait;
    /// How an invoked function failed.
    InvokeError, InvokeErrorKind in Invoke;
    /// How a callback failed.
    CallbackError, CallbackErrorKind in Callback;
    /// How a wait for a condition failed.
    WaitForConditionError, WaitForConditionErrorKind in WaitForCondition;
    /// How a child context failed, or a map or parallel.
    ChildContextError, ChildContextErrorKind in ChildContext;
}

/// Declares the ways in which an operation fails, each with its text.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident { $($(#[$case_doc:meta])* $case:ident $(($details:ident))? = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $kind { $($(#[$case_doc])* $case $(($details))?,)* }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(kinds!(@pattern $case $($details)?) => kinds!(@text f, self, $case, $text $(, $details)?),)* }
            }
        }
    )*};
    (@pattern $case:ident) => { Self::$case };
    (@pattern $case:ident $details:ident) => { Self::$case(_) };
    (@text $f:ident, $self:ident, $case:ident, $text:literal) => { $f.write_str($text) };
    (@text $f:ident, $self:ident, $case:ident, $text:literal, $details:ident) => {
        match $self { Self::$case(details) => write!($f, $text, details.0), #[allow(unreachable_patterns)] _ => Ok(()) }
    };
}

kinds! {
    /// The ways in which a step fails.
    StepErrorKind {
        /// In a retry strategy: the attempt at hand failed.
        #[non_exhaustive]
        ExecutionFailed = "execution failed",
        /// Its last attempt failed.
        RetriesExhausted(RetriesExhausted) = "retries exhausted after {} attempts",
        /// Its result could not be written or read.
        #[non_exhaustive]
        SerializationFailed = "serialization failed",
        /// An at-most-once attempt started and never reported: the invocation was cut off.
        #[non_exhaustive]
        StepInterrupted = "step interrupted (AtMostOncePerRetry)",
    }
    /// The ways in which a wait fails.
    WaitErrorKind {
        /// It ended otherwise than by its time being over.
        UnexpectedStatus(UnexpectedStatus) = "unexpected checkpointed status: {}",
    }
    /// The ways in which an invoked function fails.
    InvokeErrorKind {
        /// It failed, timed out, was stopped, or does not exist.
        #[non_exhaustive]
        FunctionFailed = "function failed",
        /// Reserved: the record has a function that does not exist as one that failed.
        FunctionNotFound(FunctionNotFound) = "function not found: {}",
        /// Its input could not be written, or its result read.
        #[non_exhaustive]
        SerializationFailed = "serialization failed",
    }
    /// The ways in which a callback fails.
    CallbackErrorKind {
        /// Nobody answered in time.
        #[non_exhaustive]
        TimedOut = "callback timed out",
        /// Nobody gave a sign of life in time.
        #[non_exhaustive]
        HeartbeatTimedOut = "callback heartbeat timed out",
        /// Somebody answered with a failure.
        #[non_exhaustive]
        ExternalFailure = "external failure",
        /// The answer could not be read.
        #[non_exhaustive]
        DeserializationFailed = "deserialization failed",
        /// The service gave it no id.
        #[non_exhaustive]
        Internal = "internal error",
    }
    /// The ways in which a wait for a condition fails.
    WaitForConditionErrorKind {
        /// The check failed, which is not retried.
        #[non_exhaustive]
        CheckFailed = "check failed",
        /// The strategy gave up.
        MaxChecksExceeded(MaxChecksExceeded) = "max checks exceeded: {}",
        /// Its state could not be written or read.
        #[non_exhaustive]
        SerializationFailed = "serialization failed",
    }
    /// The ways in which a child context fails.
    ChildContextErrorKind {
        /// Its body failed, or a branch beyond what is tolerated.
        #[non_exhaustive]
        ChildFailed = "child failed",
        /// Its result could not be written or read, or it was asked for what cannot be.
        #[non_exhaustive]
        Internal = "internal error",
    }
    /// The ways in which a combinator fails.
    CombinatorErrorKind {
        /// One of `try_join_all` failed.
        JoinFailed(JoinFailed) = "join failed at index {}",
        /// All of `select_ok` failed.
        #[non_exhaustive]
        AllFailed = "all futures failed",
        /// The first of `race` to end failed.
        #[non_exhaustive]
        FirstSettledFailed = "first settled future failed",
        /// There was nothing to choose from.
        #[non_exhaustive]
        EmptyInput = "combinator called with no futures",
        /// Its result could not be written or read.
        #[non_exhaustive]
        Internal = "internal error",
    }
}

/// Declares what a kind tells beside its name.
macro_rules! details {
    ($($(#[$doc:meta])* $name:ident($type:ty).$getter:ident -> $returned:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name(pub(crate) $type);

        impl $name {
            $(#[$doc])*
            pub fn $getter(&self) -> $returned {
                self.0.clone()
            }
        }
    )*};
}

details! {
    /// How many attempts were made.
    RetriesExhausted(u32).attempts -> u32;
    /// How many checks were made.
    MaxChecksExceeded(u32).checks -> u32;
    /// Which of the futures failed, from 0.
    JoinFailed(usize).failed_index -> usize;
    /// Which status the record has.
    UnexpectedStatus(&'static str).status -> &'static str;
}

/// Which function was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionNotFound(String);

impl FunctionNotFound {
    /// Which function was asked for.
    pub fn function_id(&self) -> &str {
        &self.0
    }
}

/// How a combinator failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct CombinatorError {
    kind: CombinatorErrorKind,
    failures: Vec<BoxError>,
}

impl CombinatorError {
    pub(crate) fn new(kind: CombinatorErrorKind, failures: Vec<BoxError>) -> Self {
        Self { kind, failures }
    }

    /// Returns how it failed.
    pub fn kind(&self) -> &CombinatorErrorKind {
        &self.kind
    }

    /// Returns the failures that decided it, in the order of the futures.
    pub fn failures(&self) -> &[BoxError] {
        &self.failures
    }
}

impl fmt::Display for CombinatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() { write_chain(f, &self.kind, self.source()) } else { fmt::Display::fmt(&self.kind, f) }
    }
}

impl Error for CombinatorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failures.first().map(|failure| &**failure as &(dyn Error + 'static))
    }
}

impl From<CombinatorError> for OperationErrorKind {
    fn from(error: CombinatorError) -> Self {
        Self::Combinator(error)
    }
}

/// What the record says of an operation that failed in an earlier invocation.
pub(crate) struct Replayed {
    pub(crate) status: &'static str,
    pub(crate) attempts: u32,
    pub(crate) wire: WireError,
    operation_id: String,
}

impl Replayed {
    pub(crate) fn new(failed: FailedOutcome, operation_id: String) -> Self {
        let FailedOutcome { status, error, attempts } = failed;
        Self { status: status_name(status), attempts, wire: WireError(error), operation_id }
    }

    /// Returns the recorded failure, as the source of an error.
    pub(crate) fn source(&self) -> Option<BoxError> {
        Some(ReplayedFailure(self.wire.clone()).into())
    }

    pub(crate) fn error(self, kind: impl Into<OperationErrorKind>) -> OperationError {
        OperationError::new(kind).recorded(self.operation_id, self.status, self.wire)
    }
}
