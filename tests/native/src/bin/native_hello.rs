//! The example `hello_world` as the official SDK makes a function of it: what the bootstrap is measured against.

use durabox_sdk as durable;
use serde::Deserialize;

#[derive(Deserialize)]
struct Event {
    name: String,
}

async fn handler(event: Event, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let greet = move |_| async move { Ok(format!("Hello, {}!", event.name)) };
    Ok(ctx.step(greet).name("greet").await?)
}

#[tokio::main]
async fn main() -> Result<(), durable::lambda_runtime::Error> {
    durable::run(handler).await
}
