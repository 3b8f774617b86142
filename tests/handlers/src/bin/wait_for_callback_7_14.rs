//! Wait-for-callback 7-14: a timeout after 3 seconds is caught.

use std::time::Duration;

use durable::{CallbackErrorKind, OperationErrorKind};
use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let approval = ctx.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) });
    match approval.name(name).timeout(Duration::from_secs(3)).await {
        Err(error) if is_timeout(&error) => Ok("timed-out-handled".to_owned()),
        answer => Ok(answer?),
    }
}

fn is_timeout(error: &durable::OperationError) -> bool {
    let OperationErrorKind::Callback(callback) = error.kind() else { return false };
    matches!(callback.kind(), CallbackErrorKind::TimedOut { .. })
}

fn main() {
    durable::run(handler)
}
