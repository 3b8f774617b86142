//! Step 1-17: an at-most-once step that crashes the process and is not retried.

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    let crash = move |_| async move {
        tracing::info!("{input}");
        std::process::exit(1)
    };
    Ok(ctx
        .step(crash)
        .name("at_most_once_flaky_step")
        .semantics(durable::StepSemantics::AtMostOncePerRetry)
        .retry_strategy(|_, _| durable::RetryDecision::Stop)
        .await?)
}

fn main() {
    durable::run(handler)
}
