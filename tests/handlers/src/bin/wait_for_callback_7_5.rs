//! Wait-for-callback 7-5: a timeout of 3 seconds fails the operation and the execution.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let approval = ctx.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) });
    Ok(approval.name(name).timeout(Duration::from_secs(3)).await?)
}

fn main() {
    durable::run(handler)
}
