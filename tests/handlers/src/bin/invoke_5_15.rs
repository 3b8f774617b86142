//! Invoke 5-15: a serdes writes the payload in upper case.

use durable::serdes::{Serdes, SerdesContext};
use durabox_sdk as durable;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Message {
    data: String,
}

struct Uppercase;

impl Serdes<Message> for Uppercase {
    async fn serialize(&self, message: Message, _: SerdesContext) -> Result<String, durable::BoxError> {
        Ok(serde_json::to_string(&Message { data: message.data.to_uppercase() })?)
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<Message, durable::BoxError> {
        Ok(serde_json::from_str(&wire)?)
    }
}

async fn handler(input: Message, ctx: durable::DurableContext) -> Result<Message, durable::BoxError> {
    let target = std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo:$LATEST".to_owned());
    Ok(ctx.invoke::<Message, _>(target, input).payload_serdes(Uppercase).await?)
}

fn main() {
    durable::run(handler)
}
