//! Step 1-8: a step, then a wait; on replay the step is skipped.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let computed = ctx.step(|_| async { Ok("computed".to_owned()) }).await?;
    ctx.wait(Duration::from_secs(2)).await?;
    Ok(computed)
}

fn main() {
    durable::run(handler)
}
