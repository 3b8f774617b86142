//! Sleeps an hour in a step and returns how many seconds passed.

use std::time::{Duration, Instant};

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<u64, durable::BoxError> {
    let nap = |_| async {
        let start = Instant::now();
        std::thread::sleep(Duration::from_secs(3600));
        Ok(start.elapsed().as_secs())
    };
    Ok(ctx.step(nap).name("nap").await?)
}

fn main() {
    durable::run(handler)
}
