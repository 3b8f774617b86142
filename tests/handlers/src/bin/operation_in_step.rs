//! Asks for an operation inside a step's body.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    let carried = ctx.clone();
    let body = |_| async move {
        carried.wait(Duration::from_secs(1)).name("inner").await?;
        Ok(())
    };
    Ok(ctx.step(body).name("outer").await?)
}

fn main() {
    durable::run(handler)
}
