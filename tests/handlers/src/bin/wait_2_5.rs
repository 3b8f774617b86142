//! Wait 2-5: a wait of an hour.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(ctx.wait(Duration::from_hours(1)).await?)
}

fn main() {
    durable::run(handler)
}
