//! Step 1-20: a failed step is caught, and a second one falls back.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let fails = |_| async { Err::<String, _>("permanent failure".into()) };
    let failed = ctx.step(fails).retry_strategy(|_, _| durable::RetryDecision::Stop).await;
    match failed {
        Ok(unexpected) => Ok(unexpected),
        Err(_) => Ok(ctx.step(|_| async { Ok("fallback_result".to_owned()) }).await?),
    }
}

fn main() {
    durable::run(handler)
}
