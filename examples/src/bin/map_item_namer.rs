//! Shows names for the items of a map, as the history shows them.

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let cities = ["Lima", "Oslo"];
    let forecasts = ctx
        .map(cities, |item, city: &str, _| async move {
            Ok(item.step(move |_| async move { Ok(format!("{city}: sun")) }).name("ask").await?)
        })
        .name("forecasts")
        .item_namer(move |index| cities[index].to_owned())
        .await?;
    Ok(forecasts)
}

fn main() {
    durable::run(handler)
}
