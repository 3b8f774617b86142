//! Step 1-1: a single step that greets.

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    Ok(ctx.step(move |_| async move { Ok(format!("Hello, {name}!")) }).await?)
}

// The official entry, with one word changed.
#[durable::main]
async fn main() -> Result<(), durable::lambda_runtime::Error> {
    durable::lambda_runtime::tracing::init_default_subscriber();
    durable::run(handler).await
}
