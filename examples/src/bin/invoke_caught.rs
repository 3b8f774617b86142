//! Shows an invoke that fails, and a handler that goes on without it.

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    match ctx.invoke::<String, _>("recommendations", "Ada".to_owned()).name("recommend").await {
        Ok(found) => Ok(found),
        // The error says what the function reported, or that there is none of this name.
        Err(error) => Ok(format!("none: {}", error.wire().and_then(|wire| wire.error_type()).unwrap_or("unknown"))),
    }
}

fn main() {
    durable::run(handler)
}
