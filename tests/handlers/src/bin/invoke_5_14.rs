//! Invoke 5-14: two targets, one after the other.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<[String; 2], durable::BoxError> {
    let first = std::env::var("TARGET_FUNCTION_NAME_1").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    let second = std::env::var("TARGET_FUNCTION_NAME_2").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    let one = ctx.invoke(first, "one".to_owned()).await?;
    let two = ctx.invoke(second, "two".to_owned()).await?;
    Ok([one, two])
}

fn main() {
    durable::run(handler)
}
