//! Step 1-12: a step that fails in all of its 4 attempts.

use std::time::Duration;

use durable::builders::{JitterStrategy, RetryStrategyConfig};
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    let strategy = RetryStrategyConfig::builder()
        .max_attempts(4)
        .initial_delay(Duration::from_secs(1))
        .backoff_rate(1.0)
        .jitter(JitterStrategy::None)
        .build();
    Ok(ctx.step(|_| async { Err("always fails".into()) }).retry_strategy_config(strategy).await?)
}

fn main() {
    durable::run(handler)
}
