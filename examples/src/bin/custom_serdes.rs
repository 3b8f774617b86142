//! Shows a serdes: what a step returned is recorded in a form of its own.

use durabox_sdk as durable;
use serde_json::Value;

/// One word to a line, instead of a JSON array.
struct Lines;

impl durable::Serdes<Vec<String>> for Lines {
    async fn serialize(
        &self,
        value: Vec<String>,
        _: durable::serdes::SerdesContext,
    ) -> Result<String, durable::BoxError> {
        Ok(value.join("\n"))
    }

    async fn deserialize(
        &self,
        wire: String,
        _: durable::serdes::SerdesContext,
    ) -> Result<Vec<String>, durable::BoxError> {
        Ok(wire.lines().map(str::to_owned).collect())
    }
}

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let words = ctx.step(|_| async { Ok(vec!["to".to_owned(), "be".to_owned()]) }).serdes(Lines).name("words").await?;
    Ok(words.join(" "))
}

fn main() {
    durable::run(handler)
}
