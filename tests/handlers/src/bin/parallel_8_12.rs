//! Parallel 8-12: flat nesting: the steps of the branches belong to the parallel itself.

use durable::builders::map_parallel::NestingMode;
use durabox_sdk as durable;

fn runs_step(name: &str, value: &'static str) -> durable::Branch<String> {
    let body = move |branch: durable::DurableContext| async move {
        Ok(branch.step(move |_| async move { Ok(value.to_owned()) }).await?)
    };
    durable::Branch::new(name, body)
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let branches = [runs_step("first", "fa"), runs_step("second", "fb")];
    Ok(ctx.parallel(branches).name("flat").max_concurrency(1).nesting(NestingMode::Flat).await?)
}

fn main() {
    durable::run(handler)
}
