//! Invoke 5-12: the target's result goes to a step.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    let order: String = ctx.invoke(target, "order-42".to_owned()).await?;
    Ok(ctx.step(move |_| async move { Ok(format!("received {order}")) }).await?)
}

fn main() {
    durable::run(handler)
}
