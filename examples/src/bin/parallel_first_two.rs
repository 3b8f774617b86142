//! Shows a parallel that is complete once two branches have succeeded; the slow one is given up.

use std::time::Duration;

use durable::Branch;
use durable::builders::map_parallel::CompletionConfig;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let quote = |name: &'static str, hours: u64| {
        Branch::new(name, move |branch: durable::DurableContext| async move {
            branch.wait(Duration::from_secs(hours * 3600)).name("answer").await?;
            Ok(name.to_owned())
        })
    };
    let quotes = ctx
        .parallel([quote("slow", 48), quote("quick", 1), quote("fair", 5)])
        .name("quotes")
        .completion(CompletionConfig::with_min_successful(2))
        .await?;
    Ok(quotes)
}

fn main() {
    durable::run(handler)
}
