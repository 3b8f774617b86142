//! Parallel 8-3: branches that are a name and a function each, the only form there is here.

use durabox_sdk as durable;

fn returns(name: &str, value: &'static str) -> durable::Branch<String> {
    durable::Branch::new(name, move |_| async move { Ok(value.to_owned()) })
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let branches = [returns("first", "one"), returns("second", "two")];
    Ok(ctx.parallel(branches).name("named").max_concurrency(1).await?)
}

fn main() {
    durable::run(handler)
}
