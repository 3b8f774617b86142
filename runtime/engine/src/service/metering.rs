use std::io;

use durabox_model::{ErrorObject, MAX_CHECKPOINT_SIZE, OperationAction, OperationType, OperationUpdate};
use serde::{Deserialize, Serialize};

use super::{CheckpointError, Execution, OverLimit};

/// What Lambda meters of an execution.
///
/// Operations: the execution itself is one, as is every operation when it is first seen, every RETRY
/// of a step and every retry of a crashed invocation. So a `wait_for_condition` counts its polls, a
/// `wait_for_callback` counts 3 and its submitter's retries, and a map 1 and its iterations.
/// Bytes: the input, payloads, results and errors of operations, what callbacks and chained invokes
/// were answered with, and the execution's own result or error; names and ids do not count.
/// Source: Lambda's developer guide, "How durable operations are metered".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metering {
    /// Durable operations; Lambda allows 3,000.
    pub operations: u64,
    /// Bytes persisted; Lambda allows 100 MB.
    pub bytes: u64,
}

impl Metering {
    /// Returns this with what one more write adds.
    pub(super) fn plus(self, added: Self) -> Self {
        Self { operations: self.operations + added.operations, bytes: self.bytes.saturating_add(added.bytes) }
    }

    /// Returns what persisting a payload and an error takes.
    pub(super) fn of_data(payload: Option<&str>, error: Option<&ErrorObject>) -> Self {
        let bytes = payload.map_or(0, str::len) + error.map_or(0, ErrorObject::size);
        Self { operations: 0, bytes: bytes as u64 }
    }
}

impl Execution {
    /// Returns what the execution is metered for so far.
    pub const fn metering(&self) -> Metering {
        self.metering
    }

    pub(super) fn meter(&mut self, added: Metering) {
        self.metering = self.metering.plus(added);
    }

    /// Returns `total` with what `update` adds, unless that takes the execution over one of its
    /// limits. `is_new` says that its operation is first seen. An update that adds nothing is never over.
    pub(super) fn check_limits(
        &self,
        total: Metering,
        update: &OperationUpdate,
        is_new: bool,
    ) -> Result<Metering, CheckpointError> {
        let limits = &self.config;
        let added = metering_of(update, is_new);
        let total = total.plus(added);
        if added.operations > 0 && total.operations > limits.max_operations {
            let over = self.over(update, limits.max_operations, added.operations, total.operations);
            return Err(CheckpointError::TooManyOperations(over));
        }
        if added.bytes > 0 && total.bytes > limits.max_bytes {
            let over = self.over(update, limits.max_bytes, added.bytes, total.bytes);
            return Err(CheckpointError::TooManyBytes(over));
        }
        Ok(total)
    }

    /// Checks how large a checkpoint is. An update that is too large by itself goes alone, as the
    /// official SDKs send it; its payload has a limit of its own.
    ///
    /// Only what is really larger is refused: the SDKs fill a checkpoint by the JSON of its updates,
    /// which the estimate is above.
    pub(super) fn check_size(&self, updates: &[OperationUpdate]) -> Result<(), CheckpointError> {
        let estimate: usize = updates.iter().map(OperationUpdate::wire_size).sum();
        if estimate <= MAX_CHECKPOINT_SIZE || updates.len() == 1 {
            return Ok(());
        }
        let mut total = 0;
        for update in updates {
            let added = json_size(update);
            total += added;
            if total > MAX_CHECKPOINT_SIZE {
                let over = self.over(update, MAX_CHECKPOINT_SIZE as u64, added as u64, total as u64);
                return Err(CheckpointError::CheckpointTooLarge(over));
            }
        }
        Ok(())
    }

    fn over(&self, update: &OperationUpdate, limit: u64, added: u64, measured: u64) -> OverLimit {
        let stored = self.index.get(&update.id).map(|index| &self.operations[*index]);
        OverLimit {
            limit,
            added,
            measured,
            operation_id: update.id.clone(),
            operation_type: update.operation_type.as_str(),
            operation_name: update.name.clone().or_else(|| stored?.name.clone()),
        }
    }
}

/// Returns how many bytes `update` is as JSON.
fn json_size(update: &OperationUpdate) -> usize {
    let mut written = Written(0);
    serde_json::to_writer(&mut written, update).expect("an update is JSON, and counting does not fail");
    written.0
}

/// Counts the bytes written to it.
struct Written(usize);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns what `update` adds. What a START or a CANCEL carries besides is not kept.
fn metering_of(update: &OperationUpdate, is_new: bool) -> Metering {
    let data = match (update.operation_type, update.action) {
        (OperationType::ChainedInvoke, OperationAction::Start) => Metering::of_data(update.payload.as_deref(), None),
        (_, OperationAction::Start | OperationAction::Cancel) => Metering::default(),
        _ => Metering::of_data(update.payload.as_deref(), update.error.as_deref()),
    };
    let is_retry = update.action == OperationAction::Retry;
    Metering { operations: u64::from(is_new) + u64::from(is_retry), ..data }
}
