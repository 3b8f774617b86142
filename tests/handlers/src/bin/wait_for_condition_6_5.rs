//! Wait for condition 6-5: a wait strategy whose delay is always two seconds.

use std::time::Duration;

use durable::builders::JitterStrategy;
use durable::builders::wait_for_condition::WaitStrategy;
use durabox_sdk as durable;

async fn handler(threshold: u32, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let every_two_seconds = WaitStrategy::builder(move |state: &u32| *state >= threshold)
        .initial_delay(Duration::from_secs(2))
        .backoff_rate(1.0)
        .jitter(JitterStrategy::None)
        .build();
    Ok(ctx.wait_for_condition(|_, state| async move { Ok(state + 1) }, 0).wait_strategy(every_two_seconds).await?)
}

fn main() {
    durable::run(handler)
}
