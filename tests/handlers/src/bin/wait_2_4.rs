//! Wait 2-4: a wait of a minute.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(ctx.wait(Duration::from_mins(1)).await?)
}

fn main() {
    durable::run(handler)
}
