//! Exits without a result.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    ctx.step(|_| async { Ok(()) }).await?;
    std::process::exit(0)
}

fn main() {
    durable::run(handler)
}
