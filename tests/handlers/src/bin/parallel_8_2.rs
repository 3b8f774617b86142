//! Parallel 8-2: a parallel without a name, whose branches return at once.

use durabox_sdk as durable;

fn returns(name: &str, value: &'static str) -> durable::Branch<String> {
    durable::Branch::new(name, move |_| async move { Ok(value.to_owned()) })
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let branches = [returns("first", "alpha"), returns("second", "beta")];
    Ok(ctx.parallel(branches).max_concurrency(1).await?)
}

fn main() {
    durable::run(handler)
}
