//! Step 1-2: a step with a name.

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    Ok(ctx.step(move |_| async move { Ok(format!("Hello, {name}!")) }).name("custom_step_name").await?)
}

fn main() {
    durable::run(handler)
}
