//! Map 9-13: iterations named for their items. The namer gets the index only, so it brings the items along.

use durabox_sdk as durable;

async fn handler(numbers: Vec<u64>, ctx: durable::DurableContext) -> Result<Vec<u64>, durable::BoxError> {
    let items = numbers.clone();
    let namer = move |index: usize| format!("item-{}", items[index]);
    let map = ctx.map(numbers, |_, number, _| async move { Ok(number * 10) });
    Ok(map.name("named-items").max_concurrency(1).item_namer(namer).await?)
}

fn main() {
    durable::run(handler)
}
