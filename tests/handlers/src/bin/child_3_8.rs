//! Child 3-8: a child context whose step fails in both of its attempts.

use std::time::Duration;

use durable::builders::{JitterStrategy, RetryStrategyConfig};
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    let strategy = RetryStrategyConfig::builder()
        .max_attempts(2)
        .initial_delay(Duration::from_secs(1))
        .backoff_rate(1.0)
        .jitter(JitterStrategy::None)
        .build();
    let body = move |child: durable::DurableContext| async move {
        Ok(child.step(|_| async { Err("always fails".into()) }).retry_strategy_config(strategy).await?)
    };
    Ok(ctx.run_in_child_context(body).name("child").await?)
}

fn main() {
    durable::run(handler)
}
