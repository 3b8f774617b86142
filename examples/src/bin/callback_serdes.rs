//! Shows a serdes of a callback: the sender writes something that is not JSON.

use durabox_sdk as durable;
use serde_json::Value;

/// Numbers as a machine of old sends them.
struct Hexadecimal;

impl durable::Serdes<u64> for Hexadecimal {
    async fn serialize(&self, value: u64, _: durable::serdes::SerdesContext) -> Result<String, durable::BoxError> {
        Ok(format!("{value:x}"))
    }

    async fn deserialize(&self, wire: String, _: durable::serdes::SerdesContext) -> Result<u64, durable::BoxError> {
        Ok(u64::from_str_radix(&wire, 16)?)
    }
}

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<u64, durable::BoxError> {
    let sum = ctx.create_callback::<u64>().name("sum").serdes(Hexadecimal).await?;
    Ok(sum.result().await?)
}

fn main() {
    durable::run(handler)
}
