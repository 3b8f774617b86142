//! Map 9-7: two successes are enough, so two of four items never start.

use durable::builders::map_parallel::CompletionConfig;
use durabox_sdk as durable;
use serde_json::{Value, json};

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let items = ["first", "second", "third", "fourth"];
    let completion = CompletionConfig::with_min_successful(2);
    let map = ctx.map(items, |_, item, _| async move { Ok(item.to_owned()) });
    let map = map.name("min-successful").max_concurrency(1).completion(completion);
    let batch = map.await_batch().await?;
    Ok(json!({
        "completionReason": batch.reason.as_str(),
        "successCount": batch.success_count(),
        "totalCount": batch.total_count(),
    }))
}

fn main() {
    durable::run(handler)
}
