//! Invoke 5-13: an invoke inside a child context.

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(input: Value, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    let body = |child: durable::DurableContext| async move { Ok(child.invoke::<Value, _>(target, input).await?) };
    Ok(ctx.run_in_child_context(body).await?)
}

fn main() {
    durable::run(handler)
}
