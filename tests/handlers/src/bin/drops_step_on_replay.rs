//! Leaves out a step when it is replayed.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    if !ctx.is_replaying() {
        ctx.step(|_| async { Ok(()) }).name("first-time-only").await?;
    }
    Ok(ctx.wait(Duration::from_secs(1)).name("pause").await?)
}

fn main() {
    durable::run(handler)
}
