//! Wait-for-callback 7-2: an operation with a fixed name, "approval".

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    Ok(ctx.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) }).name("approval").await?)
}

fn main() {
    durable::run(handler)
}
