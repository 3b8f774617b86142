//! Callback 4-5: a heartbeat keeps a callback with a 10-second interval open until success.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name(name).heartbeat(Duration::from_secs(10)).await?;
    Ok(callback.result().await?)
}

fn main() {
    durable::run(handler)
}
