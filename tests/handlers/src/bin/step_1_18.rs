//! Step 1-18: an at-most-once step that crashes the process in its first attempt.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let flaky = move |step: durable::StepContext| async move {
        tracing::info!("{input}");
        match step.attempt() {
            1 => std::process::exit(1),
            _ => Ok("succeeded on second attempt".to_owned()),
        }
    };
    let strategy = |_: &durable::StepError, attempt| match attempt {
        1 => durable::RetryDecision::Retry { delay: Duration::from_secs(1) },
        _ => durable::RetryDecision::Stop,
    };
    Ok(ctx
        .step(flaky)
        .name("at_most_once_flaky_step")
        .semantics(durable::StepSemantics::AtMostOncePerRetry)
        .retry_strategy(strategy)
        .await?)
}

fn main() {
    durable::run(handler)
}
