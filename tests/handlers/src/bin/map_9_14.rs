//! Map 9-14: a serdes of its own for the result of every iteration.

use durable::serdes::{Serdes, SerdesContext};
use durabox_sdk as durable;

/// Writes a text as `wrapped:` and the text.
struct Wrapping;

impl Serdes<String> for Wrapping {
    async fn serialize(&self, value: String, _: SerdesContext) -> Result<String, durable::BoxError> {
        Ok(format!("wrapped:{value}"))
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<String, durable::BoxError> {
        let value = wire.strip_prefix("wrapped:").ok_or_else(|| format!("expected wrapped:…, got {wire:?}"))?;
        Ok(value.to_owned())
    }
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let map = ctx.map(["x", "y"], |_, item, _| async move { Ok(item.to_uppercase()) });
    Ok(map.name("serdes").max_concurrency(1).serdes(Wrapping).await?)
}

fn main() {
    durable::run(handler)
}
