//! Step 1-1: a single step that greets.

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    Ok(ctx.step(move |_| async move { Ok(format!("Hello, {name}!")) }).await?)
}

fn main() {
    durable::run(handler)
}
