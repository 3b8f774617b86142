//! Wait-for-callback 7-13: a heartbeat keeps an operation with a 10-second interval open until success.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let approval = ctx.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) });
    Ok(approval.name(name).heartbeat(Duration::from_secs(10)).await?)
}

fn main() {
    durable::run(handler)
}
