//! Callback 4-2: a callback with a fixed name, "approval".

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name("approval").await?;
    Ok(callback.result().await?)
}

fn main() {
    durable::run(handler)
}
