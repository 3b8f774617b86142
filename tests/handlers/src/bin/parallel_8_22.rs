//! Parallel 8-22: one failure of four is the 25 % that are tolerated, and no more.

use durable::builders::map_parallel::CompletionConfig;
use durabox_sdk as durable;
use serde_json::{Value, json};

fn succeeds(name: &str) -> durable::Branch<String> {
    durable::Branch::new(name, |_| async { Ok("done".to_owned()) })
}

fn fails(name: &str) -> durable::Branch<String> {
    durable::Branch::new(name, |_| async { Err("the branch failed".into()) })
}

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let branches = [fails("first"), succeeds("second"), succeeds("third"), succeeds("fourth")];
    let completion = CompletionConfig::with_tolerated_failure_percentage(25);
    let parallel = ctx.parallel(branches).name("pct-boundary").max_concurrency(1).completion(completion);
    let batch = parallel.await_batch().await?;
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
