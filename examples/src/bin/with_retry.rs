//! Shows a block that is tried again as a whole: when its last step fails, its first runs again too.

use std::time::{Duration, SystemTime};

use durabox_sdk as durable;
use durabox_sdk::RetryDecision;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let opening = ctx.step(|_| async { Ok(SystemTime::now() + Duration::from_secs(90)) }).name("look-up").await?;
    let booked = ctx
        .with_retry(move |attempt| async move {
            let seat: u32 = attempt.step(|_| async { Ok(7) }).name("reserve").await?;
            let confirm = move |_| async move {
                if SystemTime::now() < opening { Err("the office is closed".into()) } else { Ok(seat) }
            };
            // One attempt to the step: it is the block that is tried again, with nothing of this attempt kept.
            Ok(attempt.step(confirm).retry_strategy(|_, _| RetryDecision::Stop).name("confirm").await?)
        })
        .retry_strategy(|_, _| RetryDecision::Retry { delay: Duration::from_secs(60) })
        .name("booking")
        .await?;
    Ok(booked)
}

fn main() {
    durable::run(handler)
}
