//! Child 3-10: a child context with a step and a wait.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |child: durable::DurableContext| async move {
        let result = child.step(move |_| async move { Ok(input) }).await?;
        child.wait(Duration::from_secs(1)).await?;
        Ok(result)
    };
    Ok(ctx.run_in_child_context(body).name("child").await?)
}

fn main() {
    durable::run(handler)
}
