//! Parallel 8-19: a max concurrency of zero is refused before anything starts.

use durabox_sdk as durable;

fn returns(name: &str, value: &'static str) -> durable::Branch<String> {
    durable::Branch::new(name, move |_| async move { Ok(value.to_owned()) })
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let branches = [returns("first", "never"), returns("second", "never")];
    Ok(ctx.parallel(branches).name("bad-concurrency").max_concurrency(0).await?)
}

fn main() {
    durable::run(handler)
}
