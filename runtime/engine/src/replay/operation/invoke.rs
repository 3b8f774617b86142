use durabox_model::{ChainedInvokeOptions, MAX_FUNCTION_NAME_LENGTH, OperationUpdate};

pub(super) fn check(options: &ChainedInvokeOptions) -> Result<(), String> {
    match options.function_name.len() {
        1..=MAX_FUNCTION_NAME_LENGTH => Ok(()),
        length => Err(format!("a function's name takes 1 to {MAX_FUNCTION_NAME_LENGTH} characters, got {length}")),
    }
}

pub(super) fn complete_start(options: &ChainedInvokeOptions, update: &mut OperationUpdate) {
    update.chained_invoke_options = Some(options.clone().into());
}
