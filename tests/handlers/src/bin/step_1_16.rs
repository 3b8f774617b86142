//! Step 1-16: a retry strategy that retries all but a transient error.

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

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    let fails = |_| async { Err(durable::TypedError::new(TransientError).into()) };
    let strategy = |error: &durable::StepError, _| match is_transient(error) {
        true => durable::RetryDecision::Stop,
        false => durable::RetryDecision::Retry { delay: Duration::from_secs(1) },
    };
    Ok(ctx.step(fails).retry_strategy(strategy).await?)
}

fn main() {
    durable::run(handler)
}
