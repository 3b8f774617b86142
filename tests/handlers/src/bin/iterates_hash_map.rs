//! Names steps in the order of a hash map.

use std::collections::HashMap;
use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    let map: HashMap<&str, usize> = ["a", "b", "c", "d", "e", "f", "g", "h"].into_iter().zip(0..).collect();
    for key in map.into_keys() {
        ctx.step(|_| async { Ok(()) }).name(key).await?;
    }
    Ok(ctx.wait(Duration::from_secs(1)).await?)
}

fn main() {
    durable::run(handler)
}
