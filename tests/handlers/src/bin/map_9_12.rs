//! Map 9-12: flat nesting: the steps of the iterations belong to the map itself.

use durable::builders::map_parallel::NestingMode;
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let body = |iteration: durable::DurableContext, item: &'static str, _| async move {
        Ok(iteration.step(move |_| async move { Ok(item.to_owned()) }).await?)
    };
    Ok(ctx.map(["fa", "fb"], body).name("flat").max_concurrency(1).nesting(NestingMode::Flat).await?)
}

fn main() {
    durable::run(handler)
}
