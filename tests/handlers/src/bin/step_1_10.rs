//! Step 1-10: a step that fails for good and is caught, then a wait; on replay it fails again.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let execute = |_| async {
        tracing::info!("step executed");
        Err::<(), _>("permanent failure".into())
    };
    let caught = ctx.step(execute).retry_strategy(|_, _| durable::RetryDecision::Stop).await;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(caught.err().map_or_else(|| "not failed".to_owned(), |error| format!("{error:#}")))
}

fn main() {
    durable::run(handler)
}
