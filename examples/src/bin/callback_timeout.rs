//! Shows a callback that nobody answers in time, and how a handler goes on without an answer.

use std::time::Duration;

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let answer = ctx.create_callback::<String>().name("answer").timeout(Duration::from_secs(24 * 3600)).await?;
    match answer.result().await {
        Ok(answer) => Ok(answer),
        Err(error) => match error.kind() {
            durable::OperationErrorKind::Callback(callback) => Ok(format!("no answer: {callback}")),
            _ => Err(error.into()),
        },
    }
}

fn main() {
    durable::run(handler)
}
