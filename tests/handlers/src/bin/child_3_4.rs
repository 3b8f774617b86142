//! Child 3-4: a child context whose step fails.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    let body = |child: durable::DurableContext| async move {
        let fails = child.step(|_| async { Err("inner step failed".into()) });
        Ok(fails.retry_strategy(|_, _| durable::RetryDecision::Stop).await?)
    };
    Ok(ctx.run_in_child_context(body).name("child").await?)
}

fn main() {
    durable::run(handler)
}
