//! Child 3-11: a child context with a result too large to record; on replay its body builds it again.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<usize, durable::BoxError> {
    let body = |child: durable::DurableContext| async move {
        tracing::info!("{input}");
        let seed: String = child.step(|_| async { Ok("small".to_owned()) }).await?;
        Ok(seed.repeat(60_000))
    };
    let large: String = ctx.run_in_child_context(body).name("child").await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(large.len())
}

fn main() {
    let options = durable::Options::builder().replay_logging(true).build().expect("options that go together");
    durable::run_with_options(handler, options)
}
