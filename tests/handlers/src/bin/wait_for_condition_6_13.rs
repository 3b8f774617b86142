//! Wait for condition 6-13: two polls in a row, the second from where the first ended.

use std::time::Duration;

use durable::builders::wait_for_condition::WaitDecision;
use durabox_sdk as durable;

async fn count_to(ctx: &durable::DurableContext, from: u32, to: u32) -> Result<u32, durable::OperationError> {
    let until_reached = move |state, _| match state >= to {
        true => WaitDecision::complete(),
        false => WaitDecision::continue_with(Duration::from_secs(1)),
    };
    ctx.wait_for_condition(|_, state: u32| async move { Ok(state + 1) }, from).wait_strategy_fn(until_reached).await
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let first = count_to(&ctx, 0, 2).await?;
    Ok(count_to(&ctx, first, 4).await?)
}

fn main() {
    durable::run(handler)
}
