//! Shows operations side by side: `join!` polls them in one task, `spawn` gives each its own.

use std::time::Duration;

use durabox_sdk as durable;
use futures_util::join;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    // Spawned first, so it runs while the others are awaited.
    let audit = ctx.step(|_| async { Ok(1) }).name("audit").spawn();

    let (stock, price, pause) = join!(
        ctx.step(|_| async { Ok(20) }).name("stock").future(),
        ctx.step(|_| async { Ok(300) }).name("price").future(),
        ctx.wait(Duration::from_secs(30)).name("pause").future(),
    );
    pause?;

    let waits = ["one", "two"].map(|name| ctx.wait(Duration::from_secs(60)).name(name).spawn());
    for wait in waits {
        wait.await?;
    }
    let audit: u32 = audit.await?;
    Ok(stock? + price? + audit)
}

fn main() {
    durable::run(handler)
}
