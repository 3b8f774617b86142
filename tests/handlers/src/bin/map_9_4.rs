//! Map 9-4: no items at all.

use durabox_sdk as durable;

async fn handler(items: Vec<String>, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    Ok(ctx.map(items, |_, item: String, _| async move { Ok(item) }).name("empty").await?)
}

fn main() {
    durable::run(handler)
}
