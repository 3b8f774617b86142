//! Step 1-5: a step that returns null.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(ctx.step(|_| async { Ok(()) }).await?)
}

fn main() {
    durable::run(handler)
}
