//! Wait-for-callback 7-15: a success without a payload is null.

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<Option<String>, durable::BoxError> {
    Ok(ctx.wait_for_callback::<Option<String>, _, _>(|_, _| async { Ok(()) }).name(name).await?)
}

fn main() {
    durable::run(handler)
}
