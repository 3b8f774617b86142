//! Map 9-15: the second iteration waits; on replay the first one does not run again.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let body = |iteration: durable::DurableContext, item: &'static str, index| async move {
        if index == 1 {
            iteration.wait(Duration::from_secs(1)).await?;
        }
        Ok(iteration.step(move |_| async move { Ok(item.to_owned()) }).await?)
    };
    Ok(ctx.map(["r0", "r1"], body).name("suspend").max_concurrency(1).await?)
}

fn main() {
    durable::run(handler)
}
