//! Parallel 8-15: a serdes of its own wraps the result of every branch.

use durable::serdes::{Serdes, SerdesContext};
use durabox_sdk as durable;
use serde::{Deserialize, Serialize};

/// Writes a text as an object that holds it.
struct Wrapping;

#[derive(Serialize, Deserialize)]
struct Envelope {
    wrapped: String,
}

impl Serdes<String> for Wrapping {
    async fn serialize(&self, value: String, _: SerdesContext) -> Result<String, durable::BoxError> {
        Ok(serde_json::to_string(&Envelope { wrapped: value })?)
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<String, durable::BoxError> {
        let envelope: Envelope = serde_json::from_str(&wire)?;
        Ok(envelope.wrapped)
    }
}

fn returns(name: &str, value: &'static str) -> durable::Branch<String> {
    durable::Branch::new(name, move |_| async move { Ok(value.to_owned()) })
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let branches = [returns("first", "x"), returns("second", "y")];
    Ok(ctx.parallel(branches).name("serde").max_concurrency(1).serdes(Wrapping).await?)
}

fn main() {
    durable::run(handler)
}
