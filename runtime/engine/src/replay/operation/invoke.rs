use durabox_model::{ChainedInvokeOptions, MAX_FUNCTION_NAME_LENGTH, OperationUpdate, parse_function_name};

pub(super) fn check(options: &ChainedInvokeOptions) -> Result<(), String> {
    let name = &options.function_name;
    match name.len() {
        1..=MAX_FUNCTION_NAME_LENGTH if parse_function_name(name).is_some() => Ok(()),
        1..=MAX_FUNCTION_NAME_LENGTH => Err(format!("a function is asked for by its name or its ARN, got {name:?}")),
        length => Err(format!("a function's name takes 1 to {MAX_FUNCTION_NAME_LENGTH} characters, got {length}")),
    }
}

pub(super) fn complete_start(options: &ChainedInvokeOptions, update: &mut OperationUpdate) {
    update.chained_invoke_options = Some(options.clone().into());
}
