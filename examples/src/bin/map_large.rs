//! Shows a result above 256 KiB: it is not recorded, and the items rebuild it on replay.

use std::time::Duration;

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<usize, durable::BoxError> {
    let pages = ctx
        .map(0..4, |item, page: u8, _| async move {
            Ok(item.step(move |_| async move { Ok(char::from(b'a' + page).to_string().repeat(100_000)) }).await?)
        })
        .name("pages")
        .await?;
    ctx.wait(Duration::from_secs(60)).name("proof").await?;
    Ok(pages.iter().map(String::len).sum())
}

fn main() {
    durable::run(handler)
}
