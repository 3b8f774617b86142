//! Nondeterminism 12-2: a step that is a wait of the same name on replay.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    match ctx.is_replaying() {
        false => ctx.step(|_| async { Ok(()) }).name("flip").await?,
        true => ctx.wait(Duration::from_secs(1)).name("flip").await?,
    }
    Ok(ctx.wait(Duration::from_secs(1)).await?)
}

fn main() {
    durable::run(handler)
}
