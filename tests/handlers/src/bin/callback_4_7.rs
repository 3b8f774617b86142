//! Callback 4-7: a step runs while the callback is open; a failure from outside fails the execution.

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name(name).await?;
    let request = ctx.step(|_| async { Ok("requested".to_owned()) }).await?;
    let answer = callback.result().await?;
    Ok(format!("{request}: {answer}"))
}

fn main() {
    durable::run(handler)
}
