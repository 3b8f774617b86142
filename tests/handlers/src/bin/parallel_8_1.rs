//! Parallel 8-1: two branches, one after the other, each with a step. A branch always has a name here.

use durabox_sdk as durable;

fn runs_step(name: &str, value: &'static str) -> durable::Branch<String> {
    let body = move |branch: durable::DurableContext| async move {
        Ok(branch.step(move |_| async move { Ok(value.to_owned()) }).await?)
    };
    durable::Branch::new(name, body)
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let branches = [runs_step("first", "task-1"), runs_step("second", "task-2")];
    Ok(ctx.parallel(branches).name("parallel").max_concurrency(1).await?)
}

fn main() {
    durable::run(handler)
}
