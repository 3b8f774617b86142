//! Shows a step that must not run twice: an attempt that was cut off is a failure, not a reason to run again.

use durable::StepSemantics;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let sent = ctx
        .step(|_| async { Ok("sent".to_owned()) })
        .name("send-money")
        .semantics(StepSemantics::AtMostOncePerRetry)
        .await?;
    Ok(sent)
}

fn main() {
    durable::run(handler)
}
