//! Returns while the branches of a parallel that it spawned still wait.

use std::time::Duration;

use durabox_sdk as durable;
use durabox_sdk::Branch;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let branch = |name: &str| {
        Branch::new(name, |ctx: durable::DurableContext| async move {
            ctx.wait(Duration::from_secs(60)).await?;
            Ok(())
        })
    };
    let branches = ctx.parallel([branch("one"), branch("two")]).name("branches").spawn();
    ctx.step(|_| async { Ok(()) }).name("quick").await?;
    let done = ctx.step(|_| async { Ok("done".to_owned()) }).name("done").await?;
    drop(branches);
    Ok(done)
}

fn main() {
    durable::run(handler)
}
