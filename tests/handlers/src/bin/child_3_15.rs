//! Child 3-15: a child context that fails without an operation.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(ctx.run_in_child_context(|_| async { Err("child failed".into()) }).name("child").await?)
}

fn main() {
    durable::run(handler)
}
