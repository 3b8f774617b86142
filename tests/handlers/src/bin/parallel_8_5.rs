//! Parallel 8-5: no branches at all.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let none: [durable::Branch<String>; 0] = [];
    Ok(ctx.parallel(none).name("empty").await?)
}

fn main() {
    durable::run(handler)
}
