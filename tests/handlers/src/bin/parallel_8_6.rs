//! Parallel 8-6: no failure is tolerated, so the second branch's ends it and the third never starts.

use durable::builders::map_parallel::CompletionConfig;
use durabox_sdk as durable;
use serde_json::{Value, json};

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let branches = [
        durable::Branch::new("first", |_| async { Ok("ok".to_owned()) }),
        durable::Branch::new("second", |_| async { Err("the branch failed".into()) }),
        durable::Branch::new("third", |_| async { Ok("never".to_owned()) }),
    ];
    let completion = CompletionConfig::with_tolerated_failure_count(0);
    let parallel = ctx.parallel(branches).name("failfast").max_concurrency(1).completion(completion);
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
