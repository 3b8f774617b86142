//! Callback 4-1: a callback named by the input, answered with success.

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name(name).await?;
    Ok(callback.result().await?)
}

fn main() {
    durable::run(handler)
}
