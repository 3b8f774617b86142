//! Invoke 5-16: a serdes reads the result's JSON text, quotes and all, in upper case.

use durable::serdes::{Serdes, SerdesContext};
use durabox_sdk as durable;

struct Uppercase;

impl Serdes<String> for Uppercase {
    async fn serialize(&self, value: String, _: SerdesContext) -> Result<String, durable::BoxError> {
        Ok(value)
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<String, durable::BoxError> {
        Ok(wire.to_uppercase())
    }
}

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    Ok(ctx.invoke::<String, _>(target, input).serdes(Uppercase).await?)
}

fn main() {
    durable::run(handler)
}
