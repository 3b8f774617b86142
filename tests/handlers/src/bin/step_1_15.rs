//! Step 1-15: a retry strategy that retries a transient error only.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use durabox_sdk as durable;

#[derive(Debug)]
struct TransientError;

impl fmt::Display for TransientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("try again")
    }
}

impl Error for TransientError {}

fn is_transient(error: &durable::StepError) -> bool {
    error.source().and_then(Error::source).is_some_and(|cause| cause.is::<TransientError>())
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let flaky = |step: durable::StepContext| async move {
        match step.attempt() {
            1 => Err(durable::TypedError::new(TransientError).into()),
            _ => Ok("recovered".to_owned()),
        }
    };
    let strategy = |error: &durable::StepError, _| match is_transient(error) {
        true => durable::RetryDecision::Retry { delay: Duration::from_secs(1) },
        false => durable::RetryDecision::Stop,
    };
    Ok(ctx.step(flaky).retry_strategy(strategy).await?)
}

fn main() {
    durable::run(handler)
}
