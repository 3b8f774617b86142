//! Step 1-14: a step that fails twice, then succeeds, with delays of 2 and 6 seconds.

use std::time::Duration;

use durable::builders::{JitterStrategy, RetryStrategyConfig};
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let unreliable = |step: durable::StepContext| async move {
        match step.attempt() {
            attempt @ 1..=2 => Err(format!("attempt {attempt} fails").into()),
            attempt => Ok(attempt),
        }
    };
    let strategy = RetryStrategyConfig::builder()
        .max_attempts(5)
        .initial_delay(Duration::from_secs(2))
        .backoff_rate(3.0)
        .jitter(JitterStrategy::None)
        .build();
    Ok(ctx.step(unreliable).retry_strategy_config(strategy).await?)
}

fn main() {
    durable::run(handler)
}
