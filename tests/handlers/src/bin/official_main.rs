//! Takes the official SDK's entry, options and kinds of error as they are.

use std::time::Duration;

use durabox_sdk as durable;
use durabox_sdk::{OperationErrorKind, StepErrorKind};

/// Every unit kind takes braces, in both SDKs.
fn attempts(kind: &OperationErrorKind) -> Option<u32> {
    match kind {
        OperationErrorKind::Step(step) => match step.kind() {
            StepErrorKind::ExecutionFailed { .. } | StepErrorKind::SerializationFailed { .. } => None,
            StepErrorKind::RetriesExhausted(exhausted) => Some(exhausted.attempts()),
            _ => None,
        },
        _ => None,
    }
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Option<u32>, durable::BoxError> {
    let failing = |_| async { Err::<(), _>("no".into()) };
    let failed = ctx.step(failing).retry_strategy(|_, _| durable::RetryDecision::Stop).name("fails").await;
    Ok(failed.err().and_then(|error| attempts(error.kind())))
}

#[durable::main]
async fn main() -> Result<(), durable::lambda_runtime::Error> {
    let options =
        durable::Options::builder().checkpoint_delay(Duration::from_millis(5)).checkpoint_batching(true).build()?;
    durable::run_with_options(handler, options).await
}
