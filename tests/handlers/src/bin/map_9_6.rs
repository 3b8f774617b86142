//! Map 9-6: an iteration's failure becomes the handler's.
//!
//! A batch result has no call that raises here: awaiting the operation itself is the form that does.

use durable::builders::map_parallel::CompletionConfig;
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let fail = |_, item: &'static str, _| async move { Err(format!("{item} failed").into()) };
    let completion = CompletionConfig::with_tolerated_failure_count(0);
    Ok(ctx.map(["first", "second"], fail).name("throwing").max_concurrency(1).completion(completion).await?)
}

fn main() {
    durable::run(handler)
}
