use std::collections::BTreeSet;

use durabox_model::Timestamp;

/// Deadlines of operations, by time and then by the order in which the operations started.
///
/// A timer is not cancelled: when it fires, the operation's own state says whether it still applies.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers(BTreeSet<(Timestamp, usize)>);

impl Timers {
    /// Arms a timer for the operation at `index`; the execution's own is at 0.
    pub(super) fn arm(&mut self, at: Timestamp, index: usize) {
        self.0.insert((at, index));
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes the earliest timer, if it `is_due`.
    pub(super) fn pop_if(&mut self, is_due: impl FnOnce(Timestamp) -> bool) -> Option<(Timestamp, usize)> {
        let (at, _) = *self.0.first()?;
        if is_due(at) { self.0.pop_first() } else { None }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
