//! Invoke 5-1: the echo target is invoked with the input.

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(input: Value, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    Ok(ctx.invoke::<Value, _>(target, input).await?)
}

fn main() {
    durable::run(handler)
}
