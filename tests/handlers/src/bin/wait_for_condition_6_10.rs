//! Wait for condition 6-10: the first check ends the poll with null.

use durable::builders::wait_for_condition::WaitDecision;
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Option<u32>, durable::BoxError> {
    let check = |_, _: Option<u32>| async { Ok(None) };
    Ok(ctx.wait_for_condition(check, Some(0)).wait_strategy_fn(|_, _| WaitDecision::complete()).await?)
}

fn main() {
    durable::run(handler)
}
