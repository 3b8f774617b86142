//! Shows `join_all`: several operations to their ends, however they end.

use durable::builders::RetryStrategyConfig;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let once = RetryStrategyConfig::builder().max_attempts(1).build();
    let good = ctx.step(|_| async { Ok(1) }).name("good").future();
    let bad = ctx.step(|_| async { Err("no".into()) }).name("bad").retry_strategy_config(once).future();
    let ended = ctx.join_all([good, bad]).name("both").await?;
    Ok(ended
        .iter()
        .map(|one: &durable::Settled<i32>| match one {
            durable::Settled::Fulfilled(value) => format!("fulfilled {value}"),
            durable::Settled::Rejected(error) => {
                format!("rejected ({})", error.wire().and_then(|wire| wire.error_message()).unwrap_or("-"))
            }
            _ => "unknown".to_owned(),
        })
        .collect::<Vec<_>>()
        .join(", "))
}

fn main() {
    durable::run(handler)
}
