//! Shows a callback in one call: a step tells somebody the id, and the handler waits for the answer.

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let name: String = ctx
        .wait_for_callback(|_, id| async move {
            println!("answer the callback {id}");
            Ok(())
        })
        .name("approval")
        .await?;
    Ok(format!("approved by {name}"))
}

fn main() {
    durable::run(handler)
}
