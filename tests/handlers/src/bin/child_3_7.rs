//! Child 3-7: a child context whose step fails once, then succeeds.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |child: durable::DurableContext| async move {
        let flaky = move |step: durable::StepContext| async move {
            match step.attempt() {
                1 => Err("first attempt fails".into()),
                _ => Ok(input),
            }
        };
        let once_more = |_: &_, _| durable::RetryDecision::Retry { delay: Duration::from_secs(1) };
        Ok(child.step(flaky).retry_strategy(once_more).await?)
    };
    Ok(ctx.run_in_child_context(body).name("child").await?)
}

fn main() {
    durable::run(handler)
}
