use std::collections::HashSet;
use std::sync::Arc;

use durabox_model::{Operation, OperationType};

use super::entry::{Entry, Phase};
use super::{Divergence, Replay};

impl Replay {
    /// Checks that a handler which returned asked for every recorded operation. Those inside a
    /// completed context whose result is recorded are not asked for again.
    pub fn check_claimed_whole(&self) -> Result<(), Divergence> {
        let mut hidden: HashSet<&str> = HashSet::new();
        let mut missing: Vec<Arc<Operation>> = Vec::new();
        for known in self.order.iter().filter_map(|id| self.records.get(id)) {
            let Some(operation) = &known.operation else { continue };
            let inside_hidden = operation.parent_id.as_deref().is_some_and(|parent| hidden.contains(parent));
            if !inside_hidden && known.handle.is_none() {
                missing.push(Arc::clone(operation));
            }
            let closed = operation.status.is_terminal() && !operation.replays_children();
            let given_up = known.handle.is_none_or(|handle| self.entries[handle as usize].is_given_up());
            if operation.operation_type == OperationType::Context && (closed || inside_hidden || given_up) {
                hidden.insert(operation.id.as_str());
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(Divergence::Unclaimed { recorded: missing }) }
    }

    /// Returns what a suspended handler waits for, against a record that had an answer.
    pub fn stalled(&self) -> Option<Divergence> {
        let claimed = self.waiting()?;
        Some(Divergence::Stalled { claimed })
    }
}

impl Entry {
    /// Whether the guest did not go into it to its end: a loser of a race, a branch too many.
    fn is_given_up(&self) -> bool {
        self.abandoned || self.phase == Phase::Claimed
    }
}
