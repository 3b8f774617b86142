//! Callback 4-11: a callback times out after 3 of the 6 seconds of a wait and fails the execution after it.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name(name).timeout(Duration::from_secs(3)).await?;
    ctx.wait(Duration::from_secs(6)).await?;
    Ok(callback.result().await?)
}

fn main() {
    durable::run(handler)
}
