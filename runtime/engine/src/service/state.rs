use std::sync::Arc;

use durabox_model::{DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Operation};

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
        for (index, operation) in self.operations.iter().enumerate().skip(from) {
            if self.is_hidden(operation) {
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

    /// Whether no replay asks for `operation`: a context around it is over, and its result recorded.
    fn is_hidden(&self, operation: &Operation) -> bool {
        let parent = |operation: &Operation| Some(&*self.operations[*self.index.get(operation.parent_id.as_ref()?)?]);
        std::iter::successors(parent(operation), |around| parent(around))
            .any(|context| context.status.is_terminal() && !context.replays_children())
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
