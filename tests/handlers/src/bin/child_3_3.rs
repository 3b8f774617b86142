//! Child 3-3: a child context with two steps, the second of which takes what the first returned.

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |child: durable::DurableContext| async move {
        let first: String = child.step(move |_| async move { Ok(input) }).await?;
        Ok(child.step(move |_| async move { Ok(first) }).await?)
    };
    Ok(ctx.run_in_child_context(body).name("two-steps").await?)
}

fn main() {
    durable::run(handler)
}
