//! Step 1-9: a step that logs, then a wait; on replay it returns its recorded result.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let execute = |_| async {
        tracing::info!("step executed");
        Ok("cached_value".to_owned())
    };
    let value = ctx.step(execute).await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(value)
}

fn main() {
    durable::run(handler)
}
