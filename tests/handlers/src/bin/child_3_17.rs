//! Child 3-17: a child context that only logs, then a wait; on replay its body does not run.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |_| async move {
        tracing::info!("{input}");
        Ok(input)
    };
    let result = ctx.run_in_child_context(body).name("child").await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(result)
}

fn main() {
    let options = durable::Options::builder().replay_logging(true).build().expect("options that go together");
    durable::run_with_options(handler, options)
}
