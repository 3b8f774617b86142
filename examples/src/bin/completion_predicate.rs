//! Shows a completion criterion of its own: enough is when two items in a row have failed.

use durable::builders::map_parallel::{BatchItemStatus, CompletionConfig};
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let two_in_a_row = CompletionConfig::with_completion_predicate(|stats| {
        stats.outcomes().windows(2).any(|pair| pair.iter().all(|item| item.status() == BatchItemStatus::Failed))
    });
    let batch = ctx
        .map([true, false, true, false, false, true], |_, works: bool, _| async move {
            if works { Ok(()) } else { Err("broken".into()) }
        })
        .name("probe")
        .max_concurrency(1)
        .completion(two_in_a_row)
        .await_batch()
        .await?;
    Ok(format!("stopped after {}, {}", batch.total_count(), batch.reason.as_str()))
}

fn main() {
    durable::run(handler)
}
