//! Shows an error with a type of its own, as the history and the caller see it.

use durable::TypedError;
use durable::builders::RetryStrategyConfig;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let once = RetryStrategyConfig::builder().max_attempts(1).build();
    let decline = |_| async { Err::<(), _>(TypedError::with_type("CardDeclined", "no funds").into()) };
    match ctx.step(decline).name("charge").retry_strategy_config(once).await {
        Ok(()) => Ok("charged".into()),
        Err(error) => Ok(error.wire().and_then(|wire| wire.error_type()).unwrap_or_default().to_owned()),
    }
}

fn main() {
    durable::run(handler)
}
