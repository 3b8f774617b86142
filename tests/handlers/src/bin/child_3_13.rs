//! Child 3-13: a child context with a wait only, then a step.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |child: durable::DurableContext| async move {
        child.wait(Duration::from_secs(1)).await?;
        Ok(input)
    };
    let result: String = ctx.run_in_child_context(body).name("child").await?;
    Ok(ctx.step(move |_| async move { Ok(result) }).await?)
}

fn main() {
    durable::run(handler)
}
