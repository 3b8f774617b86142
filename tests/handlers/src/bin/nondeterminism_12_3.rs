//! Nondeterminism 12-3: a step that is gone on replay.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    if !ctx.is_replaying() {
        ctx.step(|_| async { Ok("configuration".to_owned()) }).name("load-config").await?;
    }
    let processed = ctx.step(|_| async { Ok("processed".to_owned()) }).name("process-data").await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(processed)
}

fn main() {
    durable::run(handler)
}
