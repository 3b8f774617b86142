//! Callback 4-4: a callback without a heartbeat for 5 seconds times out and fails the execution.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name(name).heartbeat(Duration::from_secs(5)).await?;
    Ok(callback.result().await?)
}

fn main() {
    durable::run(handler)
}
