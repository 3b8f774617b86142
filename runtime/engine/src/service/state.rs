use std::collections::HashSet;
use std::sync::Arc;

use durabox_model::{DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Operation, OperationType};

use super::{CheckpointError, Execution};
use crate::{CheckpointOutput, StatePage};

impl Execution {
    /// Answers `GetDurableExecutionState`: the operations a replay needs, in start order, from
    /// `marker` on, at most `max_items` (0 for Lambda's default of 100, at most 1000).
    pub fn state(&self, token: &str, marker: Option<&str>, max_items: usize) -> Result<StatePage, CheckpointError> {
        if self.status.is_terminal() || self.invocation.is_none() || token != self.tokens.current() {
            return Err(CheckpointError::InvalidToken);
        }
        let from = match marker {
            Some(marker) => marker.parse().map_err(|_| CheckpointError::InvalidMarker)?,
            None => 0,
        };
        let size = if max_items == 0 { DEFAULT_PAGE_SIZE } else { max_items.min(MAX_PAGE_SIZE) };
        Ok(self.page(from, size.min(self.config.page_size)))
    }

    /// Returns the page of the replay state that begins at operation `from`.
    pub(super) fn page(&self, from: usize, size: usize) -> StatePage {
        let mut page = StatePage::default();
        let hidden = self.hidden_contexts();
        for (index, operation) in self.operations.iter().enumerate().skip(from) {
            if operation.parent_id.as_ref().is_some_and(|parent| hidden.contains(parent.as_str())) {
                continue;
            }
            if page.operations.len() == size {
                page.next_marker = Some(index.to_string());
                break;
            }
            page.operations.push(Arc::clone(operation));
        }
        page
    }

    /// Returns the contexts whose children no replay asks for: completed ones whose result is
    /// recorded, and all contexts inside them.
    fn hidden_contexts(&self) -> HashSet<&str> {
        let mut hidden = HashSet::new();
        for operation in &self.operations {
            if operation.operation_type != OperationType::Context {
                continue;
            }
            let inside_hidden = operation.parent_id.as_ref().is_some_and(|parent| hidden.contains(parent.as_str()));
            if inside_hidden || (operation.status.is_terminal() && !operation.replays_children()) {
                hidden.insert(operation.id.as_str());
            }
        }
        hidden
    }

    /// Returns what changed since the function was last told. More than a page of it is fetched
    /// as state, which is whole and may be merged as well.
    pub(super) fn delta(&mut self, token: Option<String>) -> CheckpointOutput {
        let unseen = std::mem::take(&mut self.unseen);
        let operations: Vec<Arc<Operation>> =
            unseen.iter().take(self.config.page_size).map(|index| Arc::clone(&self.operations[*index])).collect();
        let next_marker = (unseen.len() > operations.len()).then(|| {
            let rest = unseen[operations.len()..].iter().min();
            rest.copied().unwrap_or_default().to_string()
        });
        CheckpointOutput { token, operations, next_marker }
    }
}
