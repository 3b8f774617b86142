//! Shows a wait for a condition: a check runs again and again, and nothing runs in between.

use durable::builders::wait_for_condition::WaitStrategy;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let done = WaitStrategy::builder(|progress: &u32| *progress >= 100).build();
    let progress = ctx
        .wait_for_condition(|_, progress: u32| async move { Ok(progress + 40) }, 0)
        .wait_strategy(done)
        .name("export")
        .await?;
    Ok(format!("{progress} %"))
}

fn main() {
    durable::run(handler)
}
