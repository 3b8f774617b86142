//! Invoke 5-10: the target's failure is caught, a wait follows, and the replay catches it again.

use std::time::Duration;

use durable::{InvokeErrorKind, OperationErrorKind};
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_error:$LATEST".to_owned());
    let outcome = match ctx.invoke::<String, _>(target, ()).await {
        Err(error) if is_target_failure(&error) => "fallback".to_owned(),
        result => result?,
    };
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(outcome)
}

fn is_target_failure(error: &durable::OperationError) -> bool {
    let OperationErrorKind::Invoke(invoke) = error.kind() else { return false };
    matches!(invoke.kind(), InvokeErrorKind::FunctionFailed { .. })
}

fn main() {
    durable::run(handler)
}
