//! Opens a file that it was not given; returns the error.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let opened = std::fs::read_to_string("/etc/passwd");
    ctx.step(|_| async { Ok(()) }).await?;
    Ok(opened.map_or_else(|error| error.to_string(), |_| "opened".to_owned()))
}

fn main() {
    durable::run(handler)
}
