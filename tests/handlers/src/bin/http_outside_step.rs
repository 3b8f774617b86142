//! Asks a server between operations.

use durabox_sdk as durable;
use durabox_sdk::http;

async fn handler(url: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    ctx.step(|_| async { Ok(()) }).name("prepare").await?;
    Ok(match http::get(url).send().await {
        Ok(response) => response.text().await?,
        Err(error) => format!("swallowed: {error}"),
    })
}

fn main() {
    durable::run(handler)
}
