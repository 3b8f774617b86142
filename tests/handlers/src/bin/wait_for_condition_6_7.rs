//! Wait for condition 6-7: the first check fails, and with it the execution.

use durable::builders::wait_for_condition::WaitStrategy;
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let check = |_, _: u32| async { Err("the check failed".into()) };
    Ok(ctx.wait_for_condition(check, 0).wait_strategy(WaitStrategy::builder(|_| true).build()).await?)
}

fn main() {
    durable::run(handler)
}
