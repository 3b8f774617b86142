//! Callback 4-3: a callback that nobody answers times out after 5 seconds and fails the execution.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name(name).timeout(Duration::from_secs(5)).await?;
    Ok(callback.result().await?)
}

fn main() {
    durable::run(handler)
}
