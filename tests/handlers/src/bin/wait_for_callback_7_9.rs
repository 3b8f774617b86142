//! Wait-for-callback 7-9: two operations, one after the other; the second's result is returned.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    ctx.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) }).name("first").await?;
    Ok(ctx.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) }).name("second").await?)
}

fn main() {
    durable::run(handler)
}
