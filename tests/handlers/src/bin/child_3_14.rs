//! Child 3-14: a child context whose serdes writes upper case.

use durable::serdes::{Serdes, SerdesContext};
use durabox_sdk as durable;

struct Uppercase;

impl Serdes<String> for Uppercase {
    async fn serialize(&self, value: String, _: SerdesContext) -> Result<String, durable::BoxError> {
        Ok(value.to_uppercase())
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<String, durable::BoxError> {
        Ok(wire)
    }
}

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |child: durable::DurableContext| async move { Ok(child.step(move |_| async move { Ok(input) }).await?) };
    Ok(ctx.run_in_child_context(body).name("child").serdes(Uppercase).await?)
}

fn main() {
    durable::run(handler)
}
