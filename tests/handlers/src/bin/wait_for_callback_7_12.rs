//! Wait-for-callback 7-12: no heartbeat for 5 seconds fails the operation and the execution.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let approval = ctx.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) });
    Ok(approval.name(name).heartbeat(Duration::from_secs(5)).await?)
}

fn main() {
    durable::run(handler)
}
