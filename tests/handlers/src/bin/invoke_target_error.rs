//! Target of the invoke handlers: fails after a second.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    ctx.wait(Duration::from_secs(1)).await?;
    Err("the target always fails".into())
}

fn main() {
    durable::run(handler)
}
