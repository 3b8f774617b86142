use crate::error::{ChildContextError, ChildContextErrorKind, OperationError};
use crate::failure::{ReplayedFailure, WireError};

/// How an item or branch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum BatchItemStatus {
    Succeeded,
    Failed,
    Started,
}

impl BatchItemStatus {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Started => "STARTED",
        }
    }
}

/// One item of a map, or branch of a parallel.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchItem<O> {
    /// Its place in the input, from 0.
    pub index: usize,
    /// Its name; empty without one.
    pub name: String,
    /// How it stands.
    pub status: BatchItemStatus,
    /// What it returned.
    pub result: Option<O>,
    /// ErrorMessage of its failure.
    pub error_message: Option<String>,
    /// ErrorType of its failure.
    pub error_type: Option<String>,
    /// ErrorData of its failure.
    pub error_data: Option<String>,
    /// StackTrace of its failure.
    pub stack_trace: Vec<String>,
}

impl<O> BatchItem<O> {
    /// Returns an item without error data.
    pub fn new(
        index: usize,
        name: String,
        status: BatchItemStatus,
        result: Option<O>,
        error_message: Option<String>,
        error_type: Option<String>,
    ) -> Self {
        Self { index, name, status, result, error_message, error_type, error_data: None, stack_trace: Vec::new() }
    }

    pub(super) fn succeeded(index: usize, name: String, result: O) -> Self {
        Self::new(index, name, BatchItemStatus::Succeeded, Some(result), None, None)
    }

    pub(super) fn failed(index: usize, name: String, wire: WireError) -> Self {
        let wire = wire.0;
        let item = Self::new(index, name, BatchItemStatus::Failed, None, wire.error_message, wire.error_type);
        Self { error_data: wire.error_data, stack_trace: wire.stack_trace, ..item }
    }

    /// Returns the item's failure as a map or parallel that does not tolerate it fails with it.
    fn into_error(self) -> OperationError {
        let mut wire = WireError::new("", self.error_message.unwrap_or_else(|| "branch failed".into()));
        wire.0.error_type = self.error_type;
        wire.0.error_data = self.error_data;
        wire.0.stack_trace = self.stack_trace;
        let source = ReplayedFailure(wire.clone()).into();
        OperationError::new(ChildContextError::new(ChildContextErrorKind::ChildFailed, Some(source))).with_wire(wire)
    }
}

/// Why a map or parallel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompletionReason {
    /// All items have ended.
    AllCompleted,
    /// As many have succeeded as were asked for.
    MinSuccessfulReached,
    /// More have failed than are tolerated.
    FailureToleranceExceeded,
    /// The predicate held.
    PredicateMatched,
}

impl CompletionReason {
    /// Returns the spelling in records, such as `ALL_COMPLETED`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllCompleted => "ALL_COMPLETED",
            Self::MinSuccessfulReached => "MIN_SUCCESSFUL_REACHED",
            Self::FailureToleranceExceeded => "FAILURE_TOLERANCE_EXCEEDED",
            Self::PredicateMatched => "PREDICATE_MATCHED",
        }
    }

    pub(super) fn from_wire(text: &str) -> Option<Self> {
        [Self::AllCompleted, Self::MinSuccessfulReached, Self::FailureToleranceExceeded, Self::PredicateMatched]
            .into_iter()
            .find(|reason| reason.as_str() == text)
    }
}

/// Whether an item of a map or parallel failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchStatus {
    /// None did.
    Succeeded,
    /// One did.
    Failed,
}

impl BatchStatus {
    /// Returns `SUCCEEDED` or `FAILED`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }
}

impl std::fmt::Display for BatchStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The failure of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchError<'a> {
    /// The item's place in the input, from 0.
    pub index: usize,
    /// The item's name; empty without one.
    pub name: &'a str,
    /// ErrorMessage.
    pub message: &'a str,
    /// ErrorType.
    pub error_type: Option<&'a str>,
}

/// What a map or parallel came to: the items that ended, in the order of the input. Items that had
/// not ended when a completion criterion was met are left out.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchResult<O> {
    /// The items.
    pub items: Vec<BatchItem<O>>,
    /// Why there are no more.
    pub reason: CompletionReason,
}

impl<O> BatchResult<O> {
    /// Returns a result of these items.
    pub fn new(items: Vec<BatchItem<O>>, reason: CompletionReason) -> Self {
        Self { items, reason }
    }

    /// Returns what the items that succeeded returned.
    pub fn results(&self) -> Vec<&O> {
        self.with(BatchItemStatus::Succeeded).filter_map(|item| item.result.as_ref()).collect()
    }

    /// Returns how many items succeeded.
    pub fn success_count(&self) -> usize {
        self.with(BatchItemStatus::Succeeded).count()
    }

    /// Returns how many items failed.
    pub fn failure_count(&self) -> usize {
        self.with(BatchItemStatus::Failed).count()
    }

    /// Whether an item failed.
    pub fn has_failure(&self) -> bool {
        self.failure_count() > 0
    }

    /// Whether an item failed, as a status.
    pub fn status(&self) -> BatchStatus {
        if self.has_failure() { BatchStatus::Failed } else { BatchStatus::Succeeded }
    }

    /// Returns how many items there are here.
    pub fn total_count(&self) -> usize {
        self.items.len()
    }

    /// Returns the failures, in the order of the input.
    pub fn errors(&self) -> Vec<BatchError<'_>> {
        self.with(BatchItemStatus::Failed)
            .map(|item| BatchError {
                index: item.index,
                name: &item.name,
                message: item.error_message.as_deref().unwrap_or_default(),
                error_type: item.error_type.as_deref(),
            })
            .collect()
    }

    fn with(&self, status: BatchItemStatus) -> impl Iterator<Item = &BatchItem<O>> {
        self.items.iter().filter(move |item| item.status == status)
    }

    /// Returns what the items that succeeded returned, or the first failure when more have failed
    /// than are tolerated.
    pub(super) fn into_results(self) -> Result<Vec<O>, OperationError> {
        let exceeded = self.reason == CompletionReason::FailureToleranceExceeded;
        let mut results = Vec::with_capacity(self.items.len());
        for item in self.items {
            match item.status {
                BatchItemStatus::Failed if exceeded => return Err(item.into_error()),
                _ => results.extend(item.result),
            }
        }
        Ok(results)
    }
}
