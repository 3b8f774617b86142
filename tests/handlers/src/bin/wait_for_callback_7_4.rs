//! Wait-for-callback 7-4: a failure reported from outside fails the operation and the execution.

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    Ok(ctx.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) }).name(name).await?)
}

fn main() {
    durable::run(handler)
}
