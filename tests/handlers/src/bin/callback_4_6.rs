//! Callback 4-6: a failure reported from outside fails the execution with that failure's message.

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name(name).await?;
    Ok(callback.result().await?)
}

fn main() {
    durable::run(handler)
}
