//! Map 9-16: results that are too large together are left out of the record of the map.

use durabox_sdk as durable;
use serde_json::{Value, json};

/// Four of them are more than the 256 KiB that a record may hold; one is less.
const SIZE: usize = 70 * 1024;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let map = ctx.map(["a", "b", "c", "d"], |_, letter, _| async move { Ok(letter.repeat(SIZE)) });
    let batch = map.name("large").max_concurrency(1).await_batch().await?;
    Ok(json!({"successCount": batch.success_count(), "totalCount": batch.total_count()}))
}

fn main() {
    durable::run(handler)
}
