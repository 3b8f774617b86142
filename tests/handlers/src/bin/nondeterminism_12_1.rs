//! Nondeterminism 12-1: two steps whose order is the other way round on replay.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let names = match ctx.is_replaying() {
        false => ["alpha", "beta"],
        true => ["beta", "alpha"],
    };
    let mut results = Vec::new();
    for name in names {
        results.push(ctx.step(move |_| async move { Ok(name.to_owned()) }).name(name).await?);
    }
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(results.join(","))
}

fn main() {
    durable::run(handler)
}
