//! Wait-for-callback 7-1: a submitter that does nothing, and a success from outside.

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    Ok(ctx.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) }).name(name).await?)
}

fn main() {
    durable::run(handler)
}
