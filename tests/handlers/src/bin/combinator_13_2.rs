//! Combinator 13-2: how two steps end, of which one fails.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let succeeds = ctx.step(|_| async { Ok("done".to_owned()) }).name("succeeds").future();
    let fails = ctx.step(|_| async { Err("permanent failure".into()) }).name("fails");
    let fails = fails.retry_strategy(|_, _| durable::RetryDecision::Stop).future();
    let outcomes = ctx.join_all([succeeds, fails]).name("outcomes").await?;
    let fulfilled = outcomes.iter().filter(|outcome| matches!(outcome, durable::Settled::Fulfilled(_))).count();
    let rejected = outcomes.iter().filter(|outcome| matches!(outcome, durable::Settled::Rejected(_))).count();
    Ok(format!("fulfilled={fulfilled},rejected={rejected}"))
}

fn main() {
    durable::run(handler)
}
