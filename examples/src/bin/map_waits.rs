//! Shows items that wait: each sleeps on its own, and the execution wakes for each.

use std::time::Duration;

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let reminders = ctx
        .map([3, 1, 2], |item, day: u64, _| async move {
            item.wait(Duration::from_secs(day * 86_400)).name("until").await?;
            Ok(format!("day {day}"))
        })
        .name("reminders")
        .await?;
    Ok(reminders)
}

fn main() {
    durable::run(handler)
}
