//! Reads the clock and a random number in a step, where both are real.

use std::time::{SystemTime, UNIX_EPOCH};

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(u64, u64), durable::BoxError> {
    let read = ctx.step(|_| async {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes)?;
        Ok((SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(), u64::from_le_bytes(bytes)))
    });
    Ok(read.name("read").await?)
}

fn main() {
    durable::run(handler)
}
