//! Wait 2-1: a wait.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(ctx.wait(Duration::from_secs(2)).await?)
}

fn main() {
    durable::run(handler)
}
