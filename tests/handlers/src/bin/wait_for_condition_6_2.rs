//! Wait for condition 6-2: the condition holds from the first check, so nothing is waited for.

use durable::builders::wait_for_condition::WaitStrategy;
use durabox_sdk as durable;

async fn handler(threshold: u32, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let until_reached = WaitStrategy::builder(move |state: &u32| *state >= threshold).build();
    Ok(ctx.wait_for_condition(|_, state| async move { Ok(state) }, 5).wait_strategy(until_reached).await?)
}

fn main() {
    durable::run(handler)
}
