//! Shows flat nesting: the items are no operations of their own, so that fewer are metered.

use durable::builders::map_parallel::NestingMode;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Vec<usize>, durable::BoxError> {
    let lengths = ctx
        .map(["a", "bb"], |item, word: &str, _| async move {
            Ok(item.step(move |_| async move { Ok(word.len()) }).name("measure").await?)
        })
        .name("lengths")
        .nesting(NestingMode::Flat)
        .await?;
    Ok(lengths)
}

fn main() {
    durable::run(handler)
}
