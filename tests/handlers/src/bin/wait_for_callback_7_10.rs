//! Wait-for-callback 7-10: a wait and a step come before the operation.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    ctx.wait(Duration::from_secs(1)).await?;
    let _order: String = ctx.step(|_| async { Ok("order-42".to_owned()) }).await?;
    Ok(ctx.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) }).name(name).await?)
}

fn main() {
    durable::run(handler)
}
