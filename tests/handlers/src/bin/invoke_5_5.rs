//! Invoke 5-5: the target's failure fails the execution.

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_error:$LATEST".to_owned());
    Ok(ctx.invoke::<Value, _>(target, ()).await?)
}

fn main() {
    durable::run(handler)
}
