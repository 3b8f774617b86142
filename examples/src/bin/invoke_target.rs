//! Shows a function that others invoke: it is durable itself, and may take its time.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(amount: u64, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    ctx.wait(Duration::from_secs(3600)).name("settlement").await?;
    Ok(format!("paid {amount}"))
}

fn main() {
    durable::run(handler)
}
