use std::fmt;
use std::rc::Rc;

use super::result::{BatchItemStatus, CompletionReason};

type Predicate = Rc<dyn Fn(&BatchStats<'_>) -> bool>;

/// When a map or parallel is complete though not all of its items have ended. Without any
/// criterion, the first failure completes it; with one, the criterion alone decides.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct CompletionConfig {
    min_successful: Option<usize>,
    tolerated_failure_count: Option<usize>,
    tolerated_failure_percentage: Option<usize>,
    predicate: Option<Predicate>,
}

impl CompletionConfig {
    /// Returns a builder, for more than one criterion: the first that is met decides.
    pub fn builder() -> CompletionConfigBuilder {
        CompletionConfigBuilder::default()
    }

    /// Completes once `min` items have succeeded; at most the number of items.
    pub fn with_min_successful(min: usize) -> Self {
        Self { min_successful: Some(min), ..Self::default() }
    }

    /// Completes once more than `count` items have failed.
    pub fn with_tolerated_failure_count(count: usize) -> Self {
        Self { tolerated_failure_count: Some(count), ..Self::default() }
    }

    /// Completes once more than `percentage` percent of all items have failed; 0 to 100.
    pub fn with_tolerated_failure_percentage(percentage: usize) -> Self {
        Self { tolerated_failure_percentage: Some(percentage), ..Self::default() }
    }

    /// Completes once `predicate` holds. It is asked after each item, in the order of the input.
    pub fn with_completion_predicate(predicate: impl Fn(&BatchStats<'_>) -> bool + 'static) -> Self {
        Self { predicate: Some(Rc::new(predicate)), ..Self::default() }
    }

    /// Returns how many successes complete it.
    pub fn min_successful(&self) -> Option<usize> {
        self.min_successful
    }

    /// Returns how many failures are tolerated.
    pub fn tolerated_failure_count(&self) -> Option<usize> {
        self.tolerated_failure_count
    }

    /// Returns how many failures are tolerated, in percent of all items.
    pub fn tolerated_failure_percentage(&self) -> Option<usize> {
        self.tolerated_failure_percentage
    }

    /// Whether there is a predicate.
    pub fn has_completion_predicate(&self) -> bool {
        self.predicate.is_some()
    }

    /// Says what cannot be, with both sides.
    pub(super) fn check(&self, items: usize) -> Result<(), String> {
        check_percentage(self.tolerated_failure_percentage)?;
        match self.min_successful {
            Some(min) if items > 0 && min > items => {
                Err(format!("min_successful takes at most the number of items, {items}, got {min}"))
            }
            _ => Ok(()),
        }
    }

    fn has_criteria(&self) -> bool {
        self.min_successful.is_some()
            || self.tolerated_failure_count.is_some()
            || self.tolerated_failure_percentage.is_some()
            || self.predicate.is_some()
    }

    /// Returns which threshold has been met, if one has.
    fn threshold(&self, succeeded: usize, failed: usize, items: usize) -> Option<CompletionReason> {
        let enough = self.min_successful.is_some_and(|min| min > 0 && succeeded >= min);
        let too_many = self.tolerated_failure_count.is_some_and(|tolerated| failed > tolerated)
            || self.tolerated_failure_percentage.is_some_and(|percent| failed * 100 > percent * items)
            || (!self.has_criteria() && failed > 0);
        match (enough, too_many) {
            (true, _) => Some(CompletionReason::MinSuccessfulReached),
            (false, true) => Some(CompletionReason::FailureToleranceExceeded),
            (false, false) => None,
        }
    }
}

fn check_percentage(percentage: Option<usize>) -> Result<(), String> {
    match percentage {
        Some(percentage @ 101..) => Err(format!("tolerated_failure_percentage must be 0-100, got {percentage}")),
        _ => Ok(()),
    }
}

impl fmt::Debug for CompletionConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompletionConfig")
            .field("min_successful", &self.min_successful)
            .field("tolerated_failure_count", &self.tolerated_failure_count)
            .field("tolerated_failure_percentage", &self.tolerated_failure_percentage)
            .field("completion_predicate", &self.has_completion_predicate())
            .finish()
    }
}

/// Builds a [`CompletionConfig`].
#[derive(Clone, Debug, Default)]
#[must_use]
#[non_exhaustive]
pub struct CompletionConfigBuilder(CompletionConfig);

impl CompletionConfigBuilder {
    /// Completes once `min` items have succeeded; at most the number of items.
    pub fn min_successful(mut self, min: usize) -> Self {
        self.0.min_successful = Some(min);
        self
    }

    /// Completes once more than `count` items have failed.
    pub fn tolerated_failure_count(mut self, count: usize) -> Self {
        self.0.tolerated_failure_count = Some(count);
        self
    }

    /// Completes once more than `percentage` percent of all items have failed; 0 to 100.
    pub fn tolerated_failure_percentage(mut self, percentage: usize) -> Self {
        self.0.tolerated_failure_percentage = Some(percentage);
        self
    }

    /// Completes once `predicate` holds. It is asked after each item, in the order of the input.
    pub fn completion_predicate(mut self, predicate: impl Fn(&BatchStats<'_>) -> bool + 'static) -> Self {
        self.0.predicate = Some(Rc::new(predicate));
        self
    }

    /// Returns the criteria, or an error for a percentage above 100.
    pub fn build(self) -> Result<CompletionConfig, CompletionConfigValidationError> {
        match check_percentage(self.0.tolerated_failure_percentage) {
            Ok(()) => Ok(self.0),
            Err(problem) => Err(CompletionConfigValidationError(problem)),
        }
    }
}

/// Why criteria cannot be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompletionConfigValidationError(String);

impl fmt::Display for CompletionConfigValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid CompletionConfig: {}", self.0)
    }
}

impl std::error::Error for CompletionConfigValidationError {}

/// How one item ended, for a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettledOutcome {
    index: usize,
    status: BatchItemStatus,
}

impl SettledOutcome {
    /// Returns the outcome of the item at `index`.
    pub fn new(index: usize, status: BatchItemStatus) -> Self {
        Self { index, status }
    }

    /// Returns the item's place in the input, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns how it ended.
    pub fn status(&self) -> BatchItemStatus {
        self.status
    }
}

/// What a predicate decides by: the items that have ended, up to the first that has not.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BatchStats<'a> {
    succeeded: usize,
    failed: usize,
    items: usize,
    outcomes: &'a [SettledOutcome],
}

impl<'a> BatchStats<'a> {
    /// Returns the statistics of `total_items` items of which these have ended.
    pub fn new(succeeded: usize, failed: usize, total_items: usize, outcomes: &'a [SettledOutcome]) -> Self {
        Self { succeeded, failed, items: total_items, outcomes }
    }

    /// Returns how many succeeded.
    pub fn succeeded(&self) -> usize {
        self.succeeded
    }

    /// Returns how many failed.
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// Returns how many ended.
    pub fn settled(&self) -> usize {
        self.succeeded + self.failed
    }

    /// Returns how many items there are.
    pub fn total_items(&self) -> usize {
        self.items
    }

    /// Returns how they ended, in the order of the input.
    pub fn outcomes(&self) -> &'a [SettledOutcome] {
        self.outcomes
    }
}

/// Watches the items of a batch end, and says when it is complete. Thresholds count every end; the
/// predicate sees them in the order of the input, so that a replay asks it the same.
pub(super) struct Tracker {
    config: CompletionConfig,
    items: usize,
    succeeded: usize,
    failed: usize,
    ended: Vec<Option<BatchItemStatus>>,
    in_order: Vec<SettledOutcome>,
    in_order_failed: usize,
    /// The first criterion that was met.
    pub(super) reason: Option<CompletionReason>,
}

impl Tracker {
    pub(super) fn new(config: CompletionConfig, items: usize) -> Self {
        Self {
            config,
            items,
            succeeded: 0,
            failed: 0,
            ended: vec![None; items],
            in_order: Vec::new(),
            in_order_failed: 0,
            reason: None,
        }
    }

    pub(super) fn ended(&mut self, index: usize, status: BatchItemStatus) {
        match status {
            BatchItemStatus::Succeeded => self.succeeded += 1,
            _ => self.failed += 1,
        }
        self.ended[index] = Some(status);
        if self.reason.is_none() {
            self.reason = self.config.threshold(self.succeeded, self.failed, self.items);
        }
        while let Some(status) = self.ended.get(self.in_order.len()).copied().flatten() {
            self.in_order.push(SettledOutcome::new(self.in_order.len(), status));
            self.in_order_failed += usize::from(status == BatchItemStatus::Failed);
            if self.reason.is_none() && self.predicate_holds() {
                self.reason = Some(CompletionReason::PredicateMatched);
            }
        }
    }

    fn predicate_holds(&self) -> bool {
        let Some(predicate) = &self.config.predicate else { return false };
        let succeeded = self.in_order.len() - self.in_order_failed;
        predicate(&BatchStats::new(succeeded, self.in_order_failed, self.items, &self.in_order))
    }
}
