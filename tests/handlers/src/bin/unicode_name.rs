//! Names a step with a letter that Lambda does not take.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(ctx.step(|_| async { Ok(()) }).name("überweisen").await?)
}

fn main() {
    durable::run(handler)
}
