//! Combinator 13-4: the first of two child contexts to end; the other one still waits then.

use std::time::Duration;

use durabox_sdk as durable;

/// Returns `result` after `delay`.
fn after(ctx: &durable::DurableContext, delay: Duration, result: &'static str) -> durable::DurableFuture<String> {
    let body = move |child: durable::DurableContext| async move {
        child.wait(delay).await?;
        Ok(result.to_owned())
    };
    ctx.run_in_child_context(body).name(result).future()
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let late = after(&ctx, Duration::from_secs(60 * 60), "late");
    let done = after(&ctx, Duration::from_secs(1), "done");
    Ok(ctx.race([late, done]).name("first").await?)
}

fn main() {
    durable::run(handler)
}
