//! Callback 4-8: a step runs while the callback is open; its timeout of 5 seconds fails the execution.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name(name).timeout(Duration::from_secs(5)).await?;
    let request = ctx.step(|_| async { Ok("requested".to_owned()) }).await?;
    let answer = callback.result().await?;
    Ok(format!("{request}: {answer}"))
}

fn main() {
    durable::run(handler)
}
