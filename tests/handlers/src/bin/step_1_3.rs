//! Step 1-3: the second step uses the result of the first.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let first: String = ctx.step(|_| async { Ok("first".to_owned()) }).await?;
    Ok(ctx.step(move |_| async move { Ok(format!("{first}_second")) }).await?)
}

fn main() {
    durable::run(handler)
}
