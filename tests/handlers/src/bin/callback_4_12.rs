//! Callback 4-12: a wait follows the callback's success, which is returned from the record.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name(name).await?;
    let answer = callback.result().await?;
    ctx.wait(Duration::from_secs(2)).await?;
    Ok(answer)
}

fn main() {
    durable::run(handler)
}
