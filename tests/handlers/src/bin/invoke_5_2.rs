//! Invoke 5-2: an invoke named by the input.

use durabox_sdk as durable;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Input {
    name: String,
    payload: Value,
}

async fn handler(input: Input, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    Ok(ctx.invoke::<Value, _>(target, input.payload).name(input.name).await?)
}

fn main() {
    durable::run(handler)
}
