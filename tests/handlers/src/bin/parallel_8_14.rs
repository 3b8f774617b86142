//! Parallel 8-14: the second branch waits; on replay the first one does not run again.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let first =
        |branch: durable::DurableContext| async move { Ok(branch.step(|_| async { Ok("b0".to_owned()) }).await?) };
    let second = |branch: durable::DurableContext| async move {
        branch.wait(Duration::from_secs(2)).await?;
        Ok("b1".to_owned())
    };
    let branches = [durable::Branch::new("first", first), durable::Branch::new("second", second)];
    Ok(ctx.parallel(branches).name("replay").max_concurrency(1).await?)
}

fn main() {
    durable::run(handler)
}
