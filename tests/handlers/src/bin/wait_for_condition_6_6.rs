//! Wait for condition 6-6: the condition never holds, and three checks are all there may be.

use std::time::Duration;

use durable::builders::JitterStrategy;
use durable::builders::wait_for_condition::WaitStrategy;
use durabox_sdk as durable;

async fn handler(initial: u32, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let three_checks = WaitStrategy::builder(|_: &u32| false)
        .max_attempts(3)
        .initial_delay(Duration::from_secs(1))
        .backoff_rate(1.0)
        .jitter(JitterStrategy::None)
        .build();
    Ok(ctx.wait_for_condition(|_, state| async move { Ok(state + 1) }, initial).wait_strategy(three_checks).await?)
}

fn main() {
    durable::run(handler)
}
