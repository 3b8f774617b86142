//! Map 9-8: one failure is tolerated, so every item runs.

use durable::builders::map_parallel::CompletionConfig;
use durabox_sdk as durable;
use serde_json::{Value, json};

/// What an iteration does; the item says which.
enum Item {
    Succeeds,
    Fails,
}

async fn iteration(item: Item) -> Result<String, durable::BoxError> {
    match item {
        Item::Succeeds => Ok("ok".to_owned()),
        Item::Fails => Err("the item failed".into()),
    }
}

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let items = [Item::Succeeds, Item::Fails, Item::Succeeds];
    let completion = CompletionConfig::with_tolerated_failure_count(1);
    let map = ctx.map(items, |_, item, _| iteration(item)).name("tolerated").max_concurrency(1).completion(completion);
    let batch = map.await_batch().await?;
    Ok(json!({
        "completionReason": batch.reason.as_str(),
        "status": batch.status().as_str(),
        "successCount": batch.success_count(),
        "failureCount": batch.failure_count(),
        "totalCount": batch.total_count(),
    }))
}

fn main() {
    durable::run(handler)
}
