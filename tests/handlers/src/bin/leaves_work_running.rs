//! Returns while an operation that it spawned has not ended.

use std::time::Duration;

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let _forgotten = ctx.wait(Duration::from_secs(60)).name("forgotten").spawn();
    Ok(ctx.step(|_| async { Ok(1) }).name("done").await?)
}

fn main() {
    durable::run(handler)
}
