//! Wait-for-callback 7-7: a submitter that always fails; its second attempt, a second later, is its last.

use std::time::Duration;

use durable::builders::{JitterStrategy, RetryStrategyConfig};
use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let submit = |_, _| async { Err("the external system is down".into()) };
    let strategy = RetryStrategyConfig::builder()
        .max_attempts(2)
        .initial_delay(Duration::from_secs(1))
        .jitter(JitterStrategy::None)
        .build();
    Ok(ctx.wait_for_callback::<String, _, _>(submit).name(name).submitter_retry_config(strategy).await?)
}

fn main() {
    durable::run(handler)
}
