//! Branches on the wall clock between two steps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<u64, durable::BoxError> {
    let first: u64 = ctx.step(|_| async { Ok(1) }).name("first").await?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let name = if seconds.is_multiple_of(2) { "even" } else { "odd" };
    ctx.step(|_| async { Ok(()) }).name(name).await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(first)
}

fn main() {
    durable::run(handler)
}
