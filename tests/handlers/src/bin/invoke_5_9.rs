//! Invoke 5-9: a wait follows the invoke, whose result then comes from the record.

use std::time::Duration;

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(input: Value, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    let result = ctx.invoke::<Value, _>(target, input).await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(result)
}

fn main() {
    durable::run(handler)
}
