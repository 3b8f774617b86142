//! Shows a map that is given up when too large a part of it has failed.

use durable::builders::map_parallel::CompletionConfig;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let batch = ctx
        .map(0..10, |_, n: u32, _| async move { if n.is_multiple_of(2) { Err("even".into()) } else { Ok(n) } })
        .name("odd")
        .max_concurrency(1)
        .completion(CompletionConfig::with_tolerated_failure_percentage(20))
        .await_batch()
        .await?;
    Ok(format!("{} of 10 tried, {}", batch.total_count(), batch.reason.as_str()))
}

fn main() {
    durable::run(handler)
}
