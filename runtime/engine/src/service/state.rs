use std::sync::Arc;

use durabox_model::{DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Operation, OperationStatus};

use super::{CheckpointError, Execution};
use crate::{CheckpointOutput, StatePage};

impl Execution {
    /// Answers `GetDurableExecutionState`: the operations a replay needs, in start order, from
    /// `marker` on, at most `max_items` (0 for Lambda's default of 100, at most 1000).
    pub fn state(&mut self, token: &str, marker: Option<&str>, max_items: usize) -> Result<StatePage, CheckpointError> {
        if self.status.is_terminal() || self.invocation.is_none() || token != self.tokens.current() {
            return Err(CheckpointError::InvalidToken);
        }
        let from = match marker {
            Some(marker) => marker.parse().map_err(|_| CheckpointError::InvalidMarker)?,
            None => 0,
        };
        let size = if max_items == 0 { DEFAULT_PAGE_SIZE } else { max_items.min(MAX_PAGE_SIZE) };
        let page = self.page(from, size.min(self.config.page_size));
        let end = page.next_marker.as_ref().and_then(|next| next.parse().ok()).unwrap_or(self.operations.len());
        self.note_told(|index| (from..end).contains(&index));
        Ok(page)
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
        let (told, rest) = unseen.split_at(unseen.len().min(self.config.page_size));
        let operations = told.iter().map(|index| Arc::clone(&self.operations[*index])).collect();
        let next_marker = rest.iter().min().map(usize::to_string);
        self.note_told(|index| told.contains(&index));
        CheckpointOutput { token, operations, next_marker }
    }

    /// Notes of which operations the running function has been told. What moved and is known to it
    /// earns no further invocation; a step that is READY does until it is started, as an SDK may leave
    /// a retry to the next invocation.
    fn note_told(&mut self, is_told: impl Fn(usize) -> bool) {
        if !self.wake {
            return;
        }
        let operations = &self.operations;
        self.updated.retain(|index| !is_told(*index) || operations[*index].status == OperationStatus::Ready);
        self.wake = !self.updated.is_empty();
    }
}
