//! Nondeterminism 12-3: a step that is gone on replay; `/state` counts invocations.

use std::time::Duration;

use durabox_sdk as durable;

/// Returns how many invocations there were before this one.
fn earlier_invocations() -> std::io::Result<usize> {
    let earlier = std::fs::read_dir("/state")?.count();
    std::fs::write(format!("/state/{earlier}"), "")?;
    Ok(earlier)
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    if earlier_invocations()? == 0 {
        ctx.step(|_| async { Ok("configuration".to_owned()) }).name("load-config").await?;
    }
    let processed = ctx.step(|_| async { Ok("processed".to_owned()) }).name("process-data").await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(processed)
}

fn main() {
    durable::run(handler)
}
