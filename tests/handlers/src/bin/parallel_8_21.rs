//! Parallel 8-21: a branch that is itself a parallel of two steps.

use durabox_sdk as durable;

fn runs_step(name: &str, value: &'static str) -> durable::Branch<String> {
    let body = move |branch: durable::DurableContext| async move {
        Ok(branch.step(move |_| async move { Ok(value.to_owned()) }).await?)
    };
    durable::Branch::new(name, body)
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<Vec<String>>, durable::BoxError> {
    let outer = |branch: durable::DurableContext| async move {
        let branches = [runs_step("first", "i1"), runs_step("second", "i2")];
        Ok(branch.parallel(branches).name("inner").max_concurrency(1).await?)
    };
    Ok(ctx.parallel([durable::Branch::new("only", outer)]).name("outer").max_concurrency(1).await?)
}

fn main() {
    durable::run(handler)
}
