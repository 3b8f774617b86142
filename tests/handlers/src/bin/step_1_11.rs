//! Step 1-11: a step that fails once, then succeeds.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let unreliable = |step: durable::StepContext| async move {
        match step.attempt() {
            1 => Err("first attempt fails".into()),
            _ => Ok("Operation succeeded".to_owned()),
        }
    };
    let once_more = |_: &_, _| durable::RetryDecision::Retry { delay: Duration::from_secs(1) };
    Ok(ctx.step(unreliable).retry_strategy(once_more).await?)
}

fn main() {
    durable::run(handler)
}
