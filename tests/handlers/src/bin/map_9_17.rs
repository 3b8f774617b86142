//! Map 9-17: a wait after the map; on replay the map does not run again.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let map = ctx.map(["a", "b"], |_, item, _| async move { Ok(item.to_uppercase()) });
    let results = map.name("then-wait").max_concurrency(1).await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(results)
}

fn main() {
    durable::run(handler)
}
