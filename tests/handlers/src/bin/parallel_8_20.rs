//! Parallel 8-20: what a batch result tells. It has no list of the failed items here: they are filtered.

use durable::builders::map_parallel::{BatchItemStatus, CompletionConfig};
use durabox_sdk as durable;
use serde_json::{Value, json};

fn succeeds(name: &str) -> durable::Branch<String> {
    durable::Branch::new(name, |_| async { Ok("done".to_owned()) })
}

fn fails(name: &str) -> durable::Branch<String> {
    durable::Branch::new(name, |_| async { Err("the branch failed".into()) })
}

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let branches = [succeeds("first"), fails("second"), succeeds("third")];
    let completion = CompletionConfig::with_tolerated_failure_count(1);
    let parallel = ctx.parallel(branches).name("accessors").max_concurrency(1).completion(completion);
    let batch = parallel.await_batch().await?;
    let failed = batch.items.iter().filter(|item| item.status == BatchItemStatus::Failed);
    Ok(json!({
        "hasFailure": batch.has_failure(),
        "successCount": batch.results().len(),
        "failureCount": failed.count(),
        "errorCount": batch.errors().len(),
    }))
}

fn main() {
    durable::run(handler)
}
