//! Callback 4-13: a failure from outside is caught, a wait follows, and the replay catches it again.

use std::time::Duration;

use durable::{CallbackErrorKind, OperationErrorKind};
use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let callback = ctx.create_callback::<String>().name(name).await?;
    let message = match callback.result().await {
        Ok(answer) => answer,
        Err(error) if is_external_failure(&error) => format!("caught: {error:#}"),
        Err(error) => return Err(error.into()),
    };
    ctx.wait(Duration::from_secs(2)).await?;
    Ok(message)
}

fn is_external_failure(error: &durable::OperationError) -> bool {
    let OperationErrorKind::Callback(callback) = error.kind() else { return false };
    matches!(callback.kind(), CallbackErrorKind::ExternalFailure { .. })
}

fn main() {
    durable::run(handler)
}
