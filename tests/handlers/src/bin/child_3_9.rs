//! Child 3-9: a child context, then a wait; on replay it returns its recorded result.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |child: durable::DurableContext| async move { Ok(child.step(move |_| async move { Ok(input) }).await?) };
    let result = ctx.run_in_child_context(body).await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(result)
}

fn main() {
    durable::run(handler)
}
