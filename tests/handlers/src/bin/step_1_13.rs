//! Step 1-13: a step that fails twice, then succeeds, by the default strategy.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let unreliable = |step: durable::StepContext| async move {
        match step.attempt() {
            attempt @ 1..=2 => Err(format!("attempt {attempt} fails").into()),
            attempt => Ok(attempt),
        }
    };
    Ok(ctx.step(unreliable).await?)
}

fn main() {
    durable::run(handler)
}
