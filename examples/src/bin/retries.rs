//! Shows retries: a step fails twice, and the execution sleeps between its attempts.

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let fetch = |step: durable::StepContext| async move {
        match step.attempt() {
            attempt @ 1..=2 => Err(format!("no answer to attempt {attempt}").into()),
            attempt => Ok(format!("answered attempt {attempt}")),
        }
    };
    // By default up to 6 attempts, 5 s to 60 s apart; `retry_strategy` and `retry_strategy_config` change that.
    Ok(ctx.step(fetch).name("fetch").await?)
}

fn main() {
    durable::run(handler)
}
