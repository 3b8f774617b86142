//! Recurses without end.

use durabox_sdk as durable;

fn descend(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if frame[0] == u64::MAX { 0 } else { descend(frame[0] + 1) + frame[63] }
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<u64, durable::BoxError> {
    ctx.step(|_| async { Ok(()) }).await?;
    Ok(descend(0))
}

fn main() {
    durable::run(handler)
}
