//! Child 3-5: a child context whose step fails is caught, and a step recovers.

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |child: durable::DurableContext| async move {
        let fails = child.step(|_| async { Err::<String, _>("inner step failed".into()) });
        Ok(fails.retry_strategy(|_, _| durable::RetryDecision::Stop).await?)
    };
    match ctx.run_in_child_context(body).await {
        Ok(unexpected) => Ok(unexpected),
        Err(_) => Ok(ctx.step(move |_| async move { Ok(input) }).await?),
    }
}

fn main() {
    durable::run(handler)
}
