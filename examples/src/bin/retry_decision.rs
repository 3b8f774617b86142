//! Shows a retry strategy in code: some errors are worth another attempt, some are not.

use std::time::Duration;

use durable::RetryDecision;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let charge = |step: durable::StepContext| async move {
        Err::<(), _>(if step.attempt() == 1 { "timeout".into() } else { "card declined".into() })
    };
    let charged = ctx.step(charge).name("charge").retry_strategy(|error, _| {
        match std::error::Error::source(error).map(ToString::to_string).as_deref() {
            Some("timeout") => RetryDecision::Retry { delay: Duration::from_secs(30) },
            _ => RetryDecision::Stop,
        }
    });
    Ok(match charged.await {
        Ok(()) => "charged".into(),
        Err(error) => error.wire().and_then(|wire| wire.error_message()).unwrap_or_default().to_owned(),
    })
}

fn main() {
    durable::run(handler)
}
