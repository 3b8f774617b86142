//! Nondeterminism 12-1: two steps whose order is the other way round on replay; `/state` counts invocations.

use std::time::Duration;

use durabox_sdk as durable;

/// Returns how many invocations there were before this one.
fn earlier_invocations() -> std::io::Result<usize> {
    let earlier = std::fs::read_dir("/state")?.count();
    std::fs::write(format!("/state/{earlier}"), "")?;
    Ok(earlier)
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let names = match earlier_invocations()? {
        0 => ["alpha", "beta"],
        _ => ["beta", "alpha"],
    };
    let mut results = Vec::new();
    for name in names {
        results.push(ctx.step(move |_| async move { Ok(name.to_owned()) }).name(name).await?);
    }
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(results.join(","))
}

fn main() {
    durable::run(handler)
}
