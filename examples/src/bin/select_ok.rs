//! Shows `select_ok`: the first of several operations that succeeds.

use durable::builders::RetryStrategyConfig;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let once = RetryStrategyConfig::builder().max_attempts(1).build();
    let main = ctx.step(|_| async { Err("main is down".into()) }).name("main").retry_strategy_config(once).future();
    let spare = ctx.step(|_| async { Ok("spare".to_owned()) }).name("spare").future();
    Ok(ctx.select_ok([main, spare]).name("source").await?)
}

fn main() {
    durable::run(handler)
}
