//! Invoke 5-8: the target is invoked for the tenant that the input names.

use durabox_sdk as durable;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    tenant_id: String,
    payload: Value,
}

async fn handler(input: Input, ctx: durable::DurableContext) -> Result<Value, durable::BoxError> {
    let target =
        std::env::var("TARGET_FUNCTION_NAME").unwrap_or_else(|_| "invoke_target_echo_tenant:$LATEST".to_owned());
    Ok(ctx.invoke::<Value, _>(target, input.payload).tenant_id(input.tenant_id).await?)
}

fn main() {
    durable::run(handler)
}
