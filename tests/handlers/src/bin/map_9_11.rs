//! Map 9-11: two items at a time; the results are in the order of the items.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let items = ["r0", "r1", "r2"];
    let map = ctx.map(items, |_, item, _| async move { Ok(item.to_owned()) });
    Ok(map.name("concurrent").max_concurrency(2).await?)
}

fn main() {
    durable::run(handler)
}
