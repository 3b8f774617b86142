//! The operation tree: one line to an operation, with its status, when it started, how long it
//! took, its attempts and its call site.

use std::collections::HashMap;

use durabox_runtime::model::{EventDetails, Operation, OperationStatus, OperationType, Timestamp};
use durabox_runtime::verify::Recorded;

use super::operation::{error_text, title_of};
use super::text::{clean, columns, duration, shortened};

/// Longest text of an operation's error in the tree, characters.
const MAX_ERROR: usize = 200;

/// Returns the tree of an execution, one line to an element; nothing when it has no operations.
pub fn tree(recorded: &Recorded) -> Vec<String> {
    let start = recorded.operations.first().map(|execution| execution.start_timestamp).unwrap_or_default();
    let mut children: HashMap<Option<&str>, Vec<&Operation>> = HashMap::new();
    for operation in recorded.operations.iter().filter(|one| one.operation_type != OperationType::Execution) {
        children.entry(operation.parent_id.as_deref()).or_default().push(operation);
    }
    if children.is_empty() {
        return Vec::new();
    }
    let header = ["operation", "status", "start", "took", "attempts", "source"].map(str::to_owned).to_vec();
    let mut tree =
        Tree { recorded, start, children, invoked: invoked(recorded), rows: vec![header], notes: Vec::new() };
    tree.branch(None, "");
    tree.lines()
}

struct Tree<'a> {
    recorded: &'a Recorded,
    start: Timestamp,
    children: HashMap<Option<&'a str>, Vec<&'a Operation>>,
    /// What each chained invoke called, by operation id.
    invoked: HashMap<&'a str, String>,
    rows: Vec<Vec<String>>,
    /// Lines that stand below a row and take no part in the columns.
    notes: Vec<(usize, String)>,
}

impl<'a> Tree<'a> {
    fn branch(&mut self, context: Option<&'a str>, indent: &str) {
        let children = self.children.remove(&context).unwrap_or_default();
        let last = children.len().saturating_sub(1);
        for (index, operation) in children.into_iter().enumerate() {
            let (branch, below) = if index == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.row(operation, format!("{indent}{branch}{}", title_of(operation)));
            let below = format!("{indent}{below}");
            if let Some(invoked) = self.invoked.get(operation.id.as_str()) {
                self.notes.push((self.rows.len() - 1, format!("{below}   → {invoked}")));
            }
            if let Some(error) = operation.error().filter(|_| operation.status != OperationStatus::Succeeded) {
                let has_children = self.children.contains_key(&Some(operation.id.as_str()));
                let line = if has_children { "│  " } else { "   " };
                let text = shortened(&clean(&error_text(error)), MAX_ERROR).replace('\n', " ");
                self.notes.push((self.rows.len() - 1, format!("{below}{line}{text}")));
            }
            self.branch(Some(&operation.id), &below);
        }
    }

    fn row(&mut self, operation: &Operation, title: String) {
        let took = match (operation.end_timestamp, next_time(operation)) {
            (Some(end), _) => duration(end.since(operation.start_timestamp)),
            (None, Some(next)) => format!("until {}", self.offset(next)),
            (None, None) => "…".into(),
        };
        let attempts = operation.step_details.as_ref().map(|step| {
            let running = u32::from(operation.status == OperationStatus::Started);
            (step.attempt + running).to_string()
        });
        let site = self.recorded.sites.get(&operation.id).map(ToString::to_string);
        self.rows.push(vec![
            title,
            operation.status.as_str().to_owned(),
            self.offset(operation.start_timestamp),
            took,
            attempts.unwrap_or_default(),
            site.unwrap_or_default(),
        ]);
    }

    fn offset(&self, time: Timestamp) -> String {
        format!("+{}", duration(time.since(self.start)))
    }

    fn lines(self) -> Vec<String> {
        // A column with nothing but its header is left out.
        let mut rows = self.rows;
        for column in 0..rows[0].len() {
            if rows[1..].iter().all(|row| row[column].is_empty()) {
                rows[0][column].clear();
            }
        }
        let mut lines = Vec::new();
        let mut notes = self.notes.into_iter().peekable();
        for (index, line) in columns(&rows).into_iter().enumerate() {
            lines.push(line);
            while let Some((_, note)) = notes.next_if(|(row, _)| *row == index) {
                lines.push(note);
            }
        }
        lines
    }
}

/// Returns `pay:live, execution pay-1a2b3c4d` of each chained invoke.
fn invoked(recorded: &Recorded) -> HashMap<&str, String> {
    let invoked = recorded.events.iter().filter_map(|event| match &event.details {
        EventDetails::ChainedInvokeStarted(started) => {
            let mut text = clean(&started.details.function_name);
            let arn = started.details.durable_execution_arn.as_deref();
            if let Some(name) = arn.and_then(|arn| arn.rsplit('/').nth(1)) {
                text.push_str(&format!(", execution {name}"));
            }
            Some((event.id.as_deref()?, text))
        }
        _ => None,
    });
    invoked.collect()
}

/// When an open operation goes on by itself.
fn next_time(operation: &Operation) -> Option<Timestamp> {
    match operation.operation_type {
        OperationType::Wait => operation.wait_details.as_ref()?.scheduled_end_timestamp,
        OperationType::Step => operation.step_details.as_ref()?.next_attempt_timestamp,
        _ => None,
    }
}
