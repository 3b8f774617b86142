//! Wait-for-callback 7-11: the payload is read as a JSON object; in Rust the default serdes does that.

use durabox_sdk as durable;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Decision {
    status: String,
}

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let decision = ctx.wait_for_callback::<Decision, _, _>(|_, _| async { Ok(()) }).name(name).await?;
    Ok(decision.status)
}

fn main() {
    durable::run(handler)
}
