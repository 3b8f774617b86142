//! Combinator 13-1: the results of two steps, once both have one.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let one = ctx.step(|_| async { Ok(1) }).name("one").future();
    let two = ctx.step(|_| async { Ok(2) }).name("two").future();
    let results: Vec<u32> = ctx.try_join_all([one, two]).name("both").await?;
    Ok(results.iter().sum())
}

fn main() {
    durable::run(handler)
}
