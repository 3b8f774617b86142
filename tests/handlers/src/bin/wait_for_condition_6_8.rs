//! Wait for condition 6-8: the first check fails, and the handler falls back.

use durable::builders::wait_for_condition::WaitStrategy;
use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let check = |_, _: String| async { Err("the check failed".into()) };
    let poll = ctx.wait_for_condition(check, String::new()).wait_strategy(WaitStrategy::builder(|_| true).build());
    match poll.await {
        Ok(unexpected) => Ok(unexpected),
        Err(_) => Ok("recovered".to_owned()),
    }
}

fn main() {
    durable::run(handler)
}
