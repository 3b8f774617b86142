//! Orders two steps by a counter that outlives invocations only where an instance does.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use durabox_sdk as durable;

static INVOCATIONS: AtomicU32 = AtomicU32::new(0);

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    let mut names = ["a", "b"];
    if INVOCATIONS.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
        names.reverse();
    }
    for name in names {
        ctx.step(|_| async { Ok(()) }).name(name).await?;
    }
    Ok(ctx.wait(Duration::from_secs(1)).await?)
}

fn main() {
    durable::run(handler)
}
