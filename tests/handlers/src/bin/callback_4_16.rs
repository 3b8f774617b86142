//! Callback 4-16: a serdes reads the payload as a number.

use durable::serdes::{Serdes, SerdesContext};
use durabox_sdk as durable;
use serde::Serialize;

#[derive(Serialize)]
struct Output {
    count: i64,
    doubled: i64,
}

struct NumberSerdes;

impl Serdes<i64> for NumberSerdes {
    async fn serialize(&self, _: i64, _: SerdesContext) -> Result<String, durable::BoxError> {
        Err("a callback's payload is written by the external system, never by the handler".into())
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<i64, durable::BoxError> {
        Ok(wire.trim().parse()?)
    }
}

async fn handler(name: String, ctx: durable::DurableContext) -> Result<Output, durable::BoxError> {
    let callback = ctx.create_callback::<i64>().name(name).serdes(NumberSerdes).await?;
    let count = callback.result().await?;
    Ok(Output { count, doubled: count * 2 })
}

fn main() {
    durable::run(handler)
}
