//! Target of the invoke handlers: returns its input after a second.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(
    input: serde_json::Value,
    ctx: durable::DurableContext,
) -> Result<serde_json::Value, durable::BoxError> {
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(input)
}

fn main() {
    durable::run(handler)
}
