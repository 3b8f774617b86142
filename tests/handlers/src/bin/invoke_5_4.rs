//! Invoke 5-4: null goes to the target and comes back.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    Ok(ctx.invoke::<(), _>(target, ()).await?)
}

fn main() {
    durable::run(handler)
}
