//! Shows what a map came to, item by item, when some of them may fail.

use durable::builders::map_parallel::CompletionConfig;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let batch = ctx
        .map([1, 2, 3, 4], |_, n: u32, _| async move {
            if n == 3 { Err(format!("{n} is out of stock").into()) } else { Ok(n * 10) }
        })
        .name("reserve")
        .completion(CompletionConfig::with_tolerated_failure_count(1))
        .await_batch()
        .await?;
    let failed: Vec<_> = batch.errors().iter().map(|error| error.index).collect();
    Ok(format!("{:?} reserved, items {failed:?} failed, {}", batch.results(), batch.reason.as_str()))
}

fn main() {
    durable::run(handler)
}
