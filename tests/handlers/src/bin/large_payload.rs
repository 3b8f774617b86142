//! Returns a byte more from a step than Lambda keeps: 1 MiB with the quotes of a JSON string.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<usize, durable::BoxError> {
    let text: String = ctx.step(|_| async { Ok("x".repeat(1024 * 1024 - 1)) }).name("fetch").await?;
    Ok(text.len())
}

fn main() {
    durable::run(handler)
}
