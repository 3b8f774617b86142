//! Shows a callback: somebody outside ends it by its id, while the handler does something else.

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let approval = ctx.create_callback::<bool>().name("approval").await?;
    let id = approval.id().to_owned();
    ctx.step(move |_| async move {
        println!("answer the callback {id}");
        Ok(())
    })
    .name("ask")
    .await?;
    Ok(if approval.result().await? { "approved".into() } else { "rejected".into() })
}

fn main() {
    durable::run(handler)
}
