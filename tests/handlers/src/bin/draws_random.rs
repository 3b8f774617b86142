//! Names a step by a random byte.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<u8, durable::BoxError> {
    let mut byte = [0];
    getrandom::fill(&mut byte)?;
    ctx.step(|_| async { Ok(()) }).name(format!("byte-{}", byte[0])).await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(byte[0])
}

fn main() {
    durable::run(handler)
}
