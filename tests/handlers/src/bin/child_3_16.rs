//! Child 3-16: a child context that returns null.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(ctx.run_in_child_context(|_| async { Ok(()) }).name("child").await?)
}

fn main() {
    durable::run(handler)
}
