//! Shows a heartbeat: the callback stays open as long as its sender gives signs of life.

use std::time::Duration;

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let upload = ctx.create_callback::<u64>().name("upload").heartbeat(Duration::from_secs(60)).await?;
    Ok(format!("{} bytes", upload.result().await?))
}

fn main() {
    durable::run(handler)
}
