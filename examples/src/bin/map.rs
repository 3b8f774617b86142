//! Shows a map: one body for each item, at most two at once, results in the order of the input.

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Vec<u32>, durable::BoxError> {
    let squares = ctx
        .map([3, 1, 2], |item, n: u32, _| async move { Ok(item.step(move |_| async move { Ok(n * n) }).await?) })
        .name("squares")
        .max_concurrency(2)
        .await?;
    Ok(squares)
}

fn main() {
    durable::run(handler)
}
