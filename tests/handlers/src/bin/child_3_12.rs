//! Child 3-12: a child context whose step crashes the process once; `/state` remembers that it did.

use std::path::Path;

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |child: durable::DurableContext| async move {
        let crash_once = move |_| async move {
            let marker = Path::new("/state/crashed");
            if !marker.try_exists()? {
                std::fs::write(marker, "")?;
                std::process::exit(1);
            }
            Ok(input)
        };
        Ok(child.step(crash_once).await?)
    };
    Ok(ctx.run_in_child_context(body).await?)
}

fn main() {
    durable::run(handler)
}
