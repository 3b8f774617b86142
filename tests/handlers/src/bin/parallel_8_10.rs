//! Parallel 8-10: the second failure is one more than tolerated, so the third branch never starts.

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
    let branches = [fails("first"), fails("second"), succeeds("third")];
    let completion = CompletionConfig::with_tolerated_failure_count(1);
    let parallel = ctx.parallel(branches).name("tolerated-exceeded").max_concurrency(1).completion(completion);
    let batch = parallel.await_batch().await?;
    Ok(json!({
        "completionReason": batch.reason.as_str(),
        "successCount": batch.success_count(),
        "failureCount": batch.failure_count(),
        "totalCount": batch.total_count(),
    }))
}

fn main() {
    durable::run(handler)
}
