//! Combinator 13-3: the first of two operations to succeed; the other one fails before.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let fails = ctx.step(|_| async { Err("permanent failure".into()) }).name("fails");
    let fails = fails.retry_strategy(|_, _| durable::RetryDecision::Stop).future();
    let body = |child: durable::DurableContext| async move {
        child.wait(Duration::from_secs(1)).await?;
        Ok("winner".to_owned())
    };
    let succeeds = ctx.run_in_child_context(body).name("succeeds").future();
    Ok(ctx.select_ok([fails, succeeds]).name("any").await?)
}

fn main() {
    durable::run(handler)
}
