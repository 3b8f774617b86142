//! Child 3-1: a child context with a step.

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |child: durable::DurableContext| async move { Ok(child.step(move |_| async move { Ok(input) }).await?) };
    Ok(ctx.run_in_child_context(body).await?)
}

fn main() {
    durable::run(handler)
}
