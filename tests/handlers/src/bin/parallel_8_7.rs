//! Parallel 8-7: a branch's failure becomes the handler's.
//!
//! A batch result has no call that raises here: awaiting the operation itself is the form that does.

use durable::builders::map_parallel::CompletionConfig;
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let branches = [
        durable::Branch::new("first", |_| async { Err("the branch failed".into()) }),
        durable::Branch::new("second", |_| async { Ok("never".to_owned()) }),
    ];
    let completion = CompletionConfig::with_tolerated_failure_count(0);
    Ok(ctx.parallel(branches).name("throwing").max_concurrency(1).completion(completion).await?)
}

fn main() {
    durable::run(handler)
}
