//! Invoke 5-3: a nested object goes to the target and comes back as it is.

use durabox_sdk as durable;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Document {
    nested: Nested,
    source: String,
}

#[derive(Deserialize, Serialize)]
struct Nested {
    key: String,
    items: Vec<i64>,
}

async fn handler(input: Document, ctx: durable::DurableContext) -> Result<Document, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    Ok(ctx.invoke::<Document, _>(target, input).await?)
}

fn main() {
    durable::run(handler)
}
