//! Step 1-19: a step that fails and is not retried.

use durable::builders::RetryStrategyConfig;
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    let none = RetryStrategyConfig::builder().max_attempts(1).build();
    Ok(ctx.step(|_| async { Err("permanent failure".into()) }).retry_strategy_config(none).await?)
}

fn main() {
    durable::run(handler)
}
