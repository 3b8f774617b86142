//! Invoke 5-6: the target's failure is caught as an invoke error.

use durable::{InvokeErrorKind, OperationErrorKind};
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_error:$LATEST".to_owned());
    match ctx.invoke::<String, _>(target, ()).await {
        Err(error) if is_target_failure(&error) => Ok("fallback".to_owned()),
        result => Ok(result?),
    }
}

fn is_target_failure(error: &durable::OperationError) -> bool {
    let OperationErrorKind::Invoke(invoke) = error.kind() else { return false };
    matches!(invoke.kind(), InvokeErrorKind::FunctionFailed { .. })
}

fn main() {
    durable::run(handler)
}
