//! Returns the order of a hash map.

use std::collections::HashMap;
use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<&'static str>, durable::BoxError> {
    let map: HashMap<&str, usize> = ["a", "b", "c", "d", "e", "f", "g", "h"].into_iter().zip(0..).collect();
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(map.into_keys().collect())
}

fn main() {
    durable::run(handler)
}
