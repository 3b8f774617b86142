//! Invoke 5-11: a step's result goes to the target.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    let order = ctx.step(|_| async { Ok("order-42".to_owned()) }).await?;
    Ok(ctx.invoke::<String, _>(target, order).await?)
}

fn main() {
    durable::run(handler)
}
