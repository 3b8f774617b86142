//! Reads a file between operations, and carries on if it cannot.

use durabox_sdk as durable;

async fn handler(path: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    ctx.step(|_| async { Ok(()) }).name("prepare").await?;
    Ok(std::fs::read_to_string(path).unwrap_or_else(|error| format!("swallowed: {error}")))
}

fn main() {
    durable::run(handler)
}
