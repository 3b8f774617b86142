//! Parallel 8-8: two successes are enough, so two of four branches never start.

use durable::builders::map_parallel::CompletionConfig;
use durabox_sdk as durable;
use serde_json::{Value, json};

fn succeeds(name: &str) -> durable::Branch<String> {
    durable::Branch::new(name, |_| async { Ok("done".to_owned()) })
}

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let branches = [succeeds("first"), succeeds("second"), succeeds("third"), succeeds("fourth")];
    let completion = CompletionConfig::with_min_successful(2);
    let parallel = ctx.parallel(branches).name("min-successful").max_concurrency(1).completion(completion);
    let batch = parallel.await_batch().await?;
    Ok(json!({
        "completionReason": batch.reason.as_str(),
        "successCount": batch.success_count(),
        "totalCount": batch.total_count(),
    }))
}

fn main() {
    durable::run(handler)
}
