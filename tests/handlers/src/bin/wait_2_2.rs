//! Wait 2-2: a wait with a name.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(ctx.wait(Duration::from_secs(2)).name("custom_wait_name").await?)
}

fn main() {
    durable::run(handler)
}
