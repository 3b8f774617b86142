//! Waits a minute at most for an answer, and an hour after it came or did not come.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<bool, durable::BoxError> {
    let callback = ctx.create_callback::<bool>().name("approval").timeout(Duration::from_secs(60)).await?;
    let approved = callback.result().await.unwrap_or(false);
    ctx.wait(Duration::from_secs(60 * 60)).name("after").await?;
    Ok(approved)
}

fn main() {
    durable::run(handler)
}
