//! Renames a step when it is replayed, and ignores every error.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<&'static str, durable::BoxError> {
    let name = if ctx.is_replaying() { "replayed" } else { "live" };
    let _ = ctx.step(|_| async { Ok(()) }).name(name).await;
    let _ = ctx.wait(Duration::from_secs(1)).await;
    Ok("nothing happened")
}

fn main() {
    durable::run(handler)
}
