//! Callback 4-17: a callback is created and answered, then a second one.

use durabox_sdk as durable;

async fn handler([a, b]: [String; 2], ctx: durable::DurableContext) -> Result<[String; 2], durable::BoxError> {
    let first = ctx.create_callback::<String>().name(a).await?.result().await?;
    let second = ctx.create_callback::<String>().name(b).await?.result().await?;
    Ok([first, second])
}

fn main() {
    durable::run(handler)
}
