//! Callback 4-9: the success arrives during a wait and is read after it.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name(name).await?;
    ctx.wait(Duration::from_secs(5)).await?;
    Ok(callback.result().await?)
}

fn main() {
    durable::run(handler)
}
