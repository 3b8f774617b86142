//! Parallel 8-11: two branches at a time; the results are in the order of the branches.

use durabox_sdk as durable;

fn returns(name: &str, value: &'static str) -> durable::Branch<String> {
    durable::Branch::new(name, move |_| async move { Ok(value.to_owned()) })
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let branches = [returns("first", "r0"), returns("second", "r1"), returns("third", "r2")];
    Ok(ctx.parallel(branches).name("concurrent").max_concurrency(2).await?)
}

fn main() {
    durable::run(handler)
}
