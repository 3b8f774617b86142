//! Wait for condition 6-12: a step works on the state that the poll ended with.

use std::time::Duration;

use durable::builders::wait_for_condition::WaitDecision;
use durabox_sdk as durable;

async fn handler(threshold: u32, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let until_reached = move |state, _| match state >= threshold {
        true => WaitDecision::complete(),
        false => WaitDecision::continue_with(Duration::from_secs(1)),
    };
    let poll = ctx.wait_for_condition(|_, state: u32| async move { Ok(state + 1) }, 0);
    let reached = poll.wait_strategy_fn(until_reached).await?;
    Ok(ctx.step(move |_| async move { Ok(reached * 10) }).await?)
}

fn main() {
    durable::run(handler)
}
