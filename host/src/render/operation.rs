//! What an operation is called, where it stands and where it comes from.

use std::collections::HashMap;
use std::sync::Arc;

use durabox_runtime::engine::replay::wire_id;
use durabox_runtime::model::{ErrorObject, Operation, OperationType, sub_type};

/// Returns `STEP reserve`, `WAIT`, `CONTEXT/Map orders`: the kind, its sub-type where the kind
/// does not say it, and the name.
pub fn title(operation_type: OperationType, sub: Option<&str>, name: Option<&str>) -> String {
    let mut title = operation_type.as_str().to_owned();
    let said =
        [sub_type::STEP, sub_type::WAIT, sub_type::CALLBACK, sub_type::CHAINED_INVOKE, sub_type::RUN_IN_CHILD_CONTEXT];
    if let Some(sub) = sub.filter(|sub| !said.contains(sub) && !sub.is_empty()) {
        title.push('/');
        title.push_str(sub);
    }
    if let Some(name) = name {
        title.push(' ');
        title.push_str(name);
    }
    title
}

/// Returns the title of an operation.
pub fn title_of(operation: &Operation) -> String {
    title(operation.operation_type, operation.sub_type.as_deref(), operation.name.as_deref())
}

/// Returns `PaymentError: card declined`.
pub fn error_text(error: &ErrorObject) -> String {
    match (&error.error_type, &error.error_message) {
        (Some(kind), Some(message)) => format!("{kind}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => "an error without type and message".into(),
    }
}

/// Returns the position of each operation, such as `2-1`, by id: its place among the operations of
/// its context in the order in which the handler asked for them.
///
/// Ids are hashes of positions, so positions are found by trying. Operations of another SDK, which
/// makes its ids in another way, have none.
pub fn positions(operations: &[Arc<Operation>]) -> HashMap<&str, String> {
    // Positions that were claimed and never started leave gaps; more than this in a row is no gap.
    const GAP: usize = 16;
    let mut children: HashMap<Option<&str>, Vec<&str>> = HashMap::new();
    for operation in operations.iter().filter(|operation| operation.operation_type != OperationType::Execution) {
        children.entry(operation.parent_id.as_deref()).or_default().push(&operation.id);
    }
    let mut positions = HashMap::new();
    let mut contexts: Vec<(Option<&str>, String)> = vec![(None, String::new())];
    while let Some((context, prefix)) = contexts.pop() {
        let Some(mut missing) = children.remove(&context) else { continue };
        let (mut index, mut misses) = (0_usize, 0);
        while !missing.is_empty() && misses < GAP {
            index += 1;
            let path = if prefix.is_empty() { index.to_string() } else { format!("{prefix}-{index}") };
            let id = wire_id(&path);
            match missing.iter().position(|candidate| *candidate == id) {
                Some(found) => {
                    let id = missing.remove(found);
                    contexts.push((Some(id), path.clone()));
                    positions.insert(id, path);
                    misses = 0;
                }
                None => misses += 1,
            }
        }
    }
    positions
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use durabox_runtime::engine::replay::wire_id;
    use durabox_runtime::model::{Operation, OperationType, Timestamp};

    use super::{positions, title};

    #[test]
    fn a_title_says_each_thing_once() {
        assert_eq!(title(OperationType::Step, Some("Step"), Some("pay")), "STEP pay");
        assert_eq!(title(OperationType::Wait, Some("Wait"), None), "WAIT");
        assert_eq!(title(OperationType::ChainedInvoke, Some("ChainedInvoke"), Some("pay")), "CHAINED_INVOKE pay");
        assert_eq!(title(OperationType::Context, Some("Map"), Some("orders")), "CONTEXT/Map orders");
    }

    #[test]
    fn positions_come_from_ids_over_gaps_and_nesting() {
        let operation = |path: &str, parent: Option<&str>| {
            let mut operation = Operation::started(wire_id(path), OperationType::Step, Timestamp::default());
            operation.parent_id = parent.map(wire_id);
            Arc::new(operation)
        };
        let operations = [operation("4", None), operation("1", None), operation("4-2", Some("4"))];
        let positions = positions(&operations);
        assert_eq!(positions[wire_id("4").as_str()], "4");
        assert_eq!(positions[wire_id("4-2").as_str()], "4-2");
        assert_eq!(positions.len(), 3);
    }
}
