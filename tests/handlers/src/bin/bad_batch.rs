//! Asks a map for what cannot be: no concurrency, more successes than items, more than all failures.

use durabox_sdk as durable;
use durabox_sdk::builders::map_parallel::CompletionConfig;

async fn handler(wrong: String, ctx: durable::DurableContext) -> Result<Vec<u32>, durable::BoxError> {
    let map = ctx.map([1, 2], |_, n: u32, _| async move { Ok(n) }).name("numbers");
    Ok(match wrong.as_str() {
        "concurrency" => map.max_concurrency(0).await?,
        "successes" => map.completion(CompletionConfig::with_min_successful(3)).await?,
        _ => map.completion(CompletionConfig::with_tolerated_failure_percentage(101)).await?,
    })
}

fn main() {
    durable::run(handler)
}
