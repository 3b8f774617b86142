//! Shows a wait strategy of its own: fixed delays, and an end to patience.

use std::time::Duration;

use durable::builders::wait_for_condition::WaitDecision;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let waited = ctx
        .wait_for_condition(|_, checks: u32| async move { Ok(checks + 1) }, 0)
        .wait_strategy_fn(|_, check| match check {
            1..=3 => WaitDecision::continue_with(Duration::from_secs(600)),
            _ => WaitDecision::exhausted("half an hour is enough"),
        })
        .name("lobby")
        .await;
    Ok(match waited {
        Ok(_) => "in".into(),
        Err(error) => format!("left: {}", error.wire().and_then(|wire| wire.error_message()).unwrap_or_default()),
    })
}

fn main() {
    durable::run(handler)
}
