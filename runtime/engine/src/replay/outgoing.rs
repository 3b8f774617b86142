use std::collections::VecDeque;

use durabox_model::{MAX_CHECKPOINT_SIZE, MAX_CHECKPOINT_UPDATES, OperationUpdate};

/// Updates that are not checkpointed yet, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(super) struct Outgoing(VecDeque<OperationUpdate>);

impl Outgoing {
    pub(super) fn push(&mut self, update: OperationUpdate) {
        self.0.push_back(update);
    }

    /// Takes as many as one checkpoint may carry: 250 updates or 750 KiB, but at least one.
    pub(super) fn take_batch(&mut self) -> Vec<OperationUpdate> {
        let mut size = 0;
        let count = self
            .0
            .iter()
            .take(MAX_CHECKPOINT_UPDATES)
            .take_while(|update| {
                let first = size == 0;
                size += update.wire_size();
                first || size <= MAX_CHECKPOINT_SIZE
            })
            .count();
        self.0.drain(..count).collect()
    }
}
