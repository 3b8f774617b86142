//! Shows a retry strategy: how often, how long apart, and spread by how much.

use std::time::Duration;

use durable::builders::{JitterStrategy, RetryStrategyConfig};
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let strategy = RetryStrategyConfig::builder()
        .max_attempts(4)
        .initial_delay(Duration::from_secs(10))
        .backoff_rate(3.0)
        .max_delay(Duration::from_secs(60))
        .jitter(JitterStrategy::None)
        .build();
    let fetch = |step: durable::StepContext| async move {
        match step.attempt() {
            4 => Ok("fetched with the last attempt".to_owned()),
            attempt => Err(format!("attempt {attempt} failed").into()),
        }
    };
    // 10 s, 30 s, and 60 s, which is the longest.
    Ok(ctx.step(fetch).name("fetch").retry_strategy_config(strategy).await?)
}

fn main() {
    durable::run(handler)
}
