//! Parallel 8-4: branches that return a text, a number and an object.

use durabox_sdk as durable;
use serde_json::{Value, json};

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<Vec<Value>, durable::BoxError> {
    let branches = [
        durable::Branch::new("text", |_| async { Ok(json!("hello")) }),
        durable::Branch::new("number", |_| async { Ok(json!(42)) }),
        durable::Branch::new("object", |_| async { Ok(json!({"k": "v"})) }),
    ];
    Ok(ctx.parallel(branches).name("hetero").max_concurrency(1).await?)
}

fn main() {
    durable::run(handler)
}
