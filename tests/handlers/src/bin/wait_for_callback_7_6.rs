//! Wait-for-callback 7-6: a failure reported from outside is caught.
//!
//! Every kind is caught: in the official SDK the failure is a callback error where it arrives, but a
//! child context error where it is replayed.

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let answer = ctx.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) }).name(name).await;
    Ok(answer.unwrap_or_else(|_| "recovered".to_owned()))
}

fn main() {
    durable::run(handler)
}
