//! Nondeterminism 12-2: a step that is a wait of the same name on replay; `/state` counts invocations.

use std::time::Duration;

use durabox_sdk as durable;

/// Returns how many invocations there were before this one.
fn earlier_invocations() -> std::io::Result<usize> {
    let earlier = std::fs::read_dir("/state")?.count();
    std::fs::write(format!("/state/{earlier}"), "")?;
    Ok(earlier)
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    match earlier_invocations()? {
        0 => ctx.step(|_| async { Ok(()) }).name("flip").await?,
        _ => ctx.wait(Duration::from_secs(1)).name("flip").await?,
    }
    Ok(ctx.wait(Duration::from_secs(1)).await?)
}

fn main() {
    durable::run(handler)
}
