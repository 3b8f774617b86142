//! A block that always fails, until its attempts are used up, and one that succeeds at once.

use std::time::Duration;

use durabox_sdk as durable;
use durabox_sdk::RetryDecision;

async fn handler(attempts: u32, ctx: durable::DurableContext) -> Result<(String, u32), durable::BoxError> {
    let failing = |attempt: durable::DurableContext| async move {
        let seat: u32 = attempt.step(|_| async { Ok(7) }).name("reserve").await?;
        let confirm = move |_| async move { Err::<u32, _>(format!("seat {seat} is taken").into()) };
        Ok(attempt.step(confirm).retry_strategy(|_, _| RetryDecision::Stop).name("confirm").await?)
    };
    let failed = ctx
        .with_retry(failing)
        .retry_strategy(move |_, attempt| match attempt < attempts {
            true => RetryDecision::Retry { delay: Duration::from_secs(2) },
            false => RetryDecision::Stop,
        })
        .name("booking")
        .await;
    let text = failed.err().map(|error| format!("{error:#}")).unwrap_or_default();
    let booked = ctx.with_retry(|attempt| async move { Ok(attempt.step(|_| async { Ok(8) }).await?) }).await?;
    Ok((text, booked))
}

fn main() {
    durable::run(handler)
}
