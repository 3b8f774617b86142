//! Map 9-20: a wait after a map with a serdes for its whole result; the replay reads what the serdes wrote.

use std::time::Duration;

use durable::serdes::{Serdes, SerdesContext};
use durabox_sdk as durable;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Writes the summary of a batch of texts as `OPSERDE:` and the texts, separated by commas.
///
/// A summary shows its fields to serde only: `results`, each with its `result` as JSON text, and the `reason`.
struct CommaSeparated;

impl<T: Serialize + DeserializeOwned + Send + 'static> Serdes<T> for CommaSeparated {
    async fn serialize(&self, summary: T, _: SerdesContext) -> Result<String, durable::BoxError> {
        let summary = serde_json::to_value(summary)?;
        let items = summary["results"].as_array().ok_or_else(|| format!("expected results, got {summary}"))?;
        let text = |item: &Value| serde_json::from_str(item["result"].as_str().unwrap_or_default());
        let texts: Vec<String> = items.iter().map(text).collect::<Result<_, _>>()?;
        Ok(format!("OPSERDE:{}", texts.join(",")))
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<T, durable::BoxError> {
        let texts = wire.strip_prefix("OPSERDE:").ok_or_else(|| format!("expected OPSERDE:…, got {wire:?}"))?;
        let item = |(index, text)| json!({"index": index, "status": "SUCCEEDED", "result": json!(text).to_string()});
        let items: Vec<Value> = texts.split(',').enumerate().map(item).collect();
        Ok(serde_json::from_value(json!({"results": items, "reason": "ALL_COMPLETED"}))?)
    }
}

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let map = ctx.map(["x", "y"], |_, item, _| async move { Ok(item.to_uppercase()) });
    let results = map.name("op-serde-replay").max_concurrency(1).result_serdes(CommaSeparated).await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(results)
}

fn main() {
    durable::run(handler)
}
