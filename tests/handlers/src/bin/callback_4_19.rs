//! Callback 4-19: two callbacks are created, then awaited in reverse order.

use durabox_sdk as durable;

async fn handler([a, b]: [String; 2], ctx: durable::DurableContext) -> Result<[String; 2], durable::BoxError> {
    let first = ctx.create_callback::<String>().name(a).await?;
    let second = ctx.create_callback::<String>().name(b).await?;
    let second = second.result().await?;
    let first = first.result().await?;
    Ok([first, second])
}

fn main() {
    durable::run(handler)
}
