//! Child 3-18: a child context with a step and a wait, then a step and a wait.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |child: durable::DurableContext| async move {
        let value = child.step(move |_| async move { Ok(input) }).await?;
        child.wait(Duration::from_secs(1)).await?;
        Ok(value)
    };
    let inner: String = ctx.run_in_child_context(body).name("child").await?;
    let outer = ctx.step(move |_| async move { Ok(inner) }).await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(outer)
}

fn main() {
    durable::run(handler)
}
