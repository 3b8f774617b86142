use durabox_model::{CallbackOptions, MAX_CALLBACK_TIMEOUT_SECONDS, Operation, OperationUpdate};

pub(super) fn check(options: &CallbackOptions) -> Result<(), String> {
    for (what, seconds) in
        [("timeout", options.timeout_seconds), ("heartbeat timeout", options.heartbeat_timeout_seconds)]
    {
        if seconds > MAX_CALLBACK_TIMEOUT_SECONDS {
            return Err(format!(
                "a callback's {what} takes at most {MAX_CALLBACK_TIMEOUT_SECONDS} seconds, got {seconds}"
            ));
        }
    }
    Ok(())
}

/// Adds the timeouts; without any, the update carries no options, as the official SDK sends it.
pub(super) fn complete_start(options: &CallbackOptions, update: &mut OperationUpdate) {
    update.callback_options = (*options != CallbackOptions::default()).then(|| options.clone());
}

/// Returns the id that the service gave the callback.
pub(super) fn id(record: &Operation) -> Option<&str> {
    record.callback_details.as_ref()?.callback_id.as_deref()
}
