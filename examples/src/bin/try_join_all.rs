//! Shows `try_join_all`: all of several operations, or the first failure.

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let parts = ["engine", "wheels", "seats"];
    let orders = parts.map(|part| ctx.step(move |_| async move { Ok(format!("{part} ordered")) }).name(part).future());
    Ok(ctx.try_join_all(orders).name("parts").await?.join(", "))
}

fn main() {
    durable::run(handler)
}
