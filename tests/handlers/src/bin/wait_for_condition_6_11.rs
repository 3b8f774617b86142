//! Wait for condition 6-11: a serdes of its own carries the state from one check to the next.

use std::time::Duration;

use durable::builders::wait_for_condition::WaitDecision;
use durable::serdes::{Serdes, SerdesContext};
use durabox_sdk as durable;

/// Writes a text as `encoded:` and the text.
struct Encoded;

impl Serdes<String> for Encoded {
    async fn serialize(&self, value: String, _: SerdesContext) -> Result<String, durable::BoxError> {
        Ok(format!("encoded:{value}"))
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<String, durable::BoxError> {
        let value = wire.strip_prefix("encoded:").ok_or_else(|| format!("expected encoded:…, got {wire:?}"))?;
        Ok(value.to_owned())
    }
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let append = |_, state: String| async move { Ok(state + "x") };
    let until_two = |state: String, _| match state.len() {
        2 => WaitDecision::complete(),
        _ => WaitDecision::continue_with(Duration::from_secs(1)),
    };
    Ok(ctx.wait_for_condition(append, String::new()).wait_strategy_fn(until_two).serdes(Encoded).await?)
}

fn main() {
    durable::run(handler)
}
