//! Shows a parallel: different branches side by side, each with a name.

use durable::Branch;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let found = ctx
        .parallel([
            Branch::new("stock", |branch: durable::DurableContext| async move {
                Ok(branch.step(|_| async { Ok("3 left".to_owned()) }).await?)
            }),
            Branch::new("price", |branch: durable::DurableContext| async move {
                Ok(branch.step(|_| async { Ok("99 EUR".to_owned()) }).await?)
            }),
        ])
        .name("look-up")
        .await?;
    Ok(found.join(", "))
}

fn main() {
    durable::run(handler)
}
