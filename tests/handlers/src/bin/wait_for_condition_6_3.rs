//! Wait for condition 6-3: a poll with a name, which every one of its events carries.

use std::time::Duration;

use durable::builders::wait_for_condition::WaitDecision;
use durabox_sdk as durable;

async fn handler(threshold: u32, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let until_reached = move |state, _| match state >= threshold {
        true => WaitDecision::complete(),
        false => WaitDecision::continue_with(Duration::from_secs(1)),
    };
    let poll = ctx.wait_for_condition(|_, state: u32| async move { Ok(state + 1) }, 0);
    Ok(poll.name("poll-status").wait_strategy_fn(until_reached).await?)
}

fn main() {
    durable::run(handler)
}
