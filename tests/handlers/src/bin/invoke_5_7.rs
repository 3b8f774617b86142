//! Invoke 5-7: a payload near the limit goes to the target and comes back; its length is returned.

use durabox_sdk as durable;

/// Characters of the payload: 1 KiB less than the 256 KiB that every version of the service takes.
const LENGTH: usize = 255 * 1024;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<usize, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    let text: String = ctx.invoke(target, "x".repeat(LENGTH)).await?;
    Ok(text.len())
}

fn main() {
    durable::run(handler)
}
