use durabox_model::{MAX_SUB_TYPE_LENGTH, Operation, OperationStatus};

/// Whether a context succeeded without a recorded result, so that its children rebuild it.
pub(super) fn must_rebuild(record: &Operation) -> bool {
    record.status == OperationStatus::Succeeded && record.replays_children()
}

pub(super) fn check(sub_type: &str) -> Result<(), String> {
    let is_word = sub_type.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if is_word && (1..=MAX_SUB_TYPE_LENGTH).contains(&sub_type.len()) {
        Ok(())
    } else {
        Err(format!("a sub-type takes 1 to {MAX_SUB_TYPE_LENGTH} characters of [a-zA-Z0-9-_], got {sub_type:?}"))
    }
}
