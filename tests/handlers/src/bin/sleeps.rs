//! Sleeps between two steps.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    ctx.step(|_| async { Ok(()) }).name("before").await?;
    std::thread::sleep(Duration::from_secs(1));
    Ok(ctx.step(|_| async { Ok(()) }).name("after").await?)
}

fn main() {
    durable::run(handler)
}
