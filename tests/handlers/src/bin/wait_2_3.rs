//! Wait 2-3: two waits, one after the other.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<serde_json::Value, durable::BoxError> {
    ctx.wait(Duration::from_secs(2)).name("wait-1").await?;
    ctx.wait(Duration::from_secs(2)).name("wait-2").await?;
    Ok(serde_json::json!({ "completedWaits": 2 }))
}

fn main() {
    durable::run(handler)
}
