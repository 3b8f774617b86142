//! Shows a submitter that fails once: the callback stays the same, the step that tells its id is tried again.

use durable::builders::RetryStrategyConfig;
use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let submit = |step: durable::StepContext, id: String| async move {
        if step.attempt() == 1 {
            return Err("the mail server is down".into());
        }
        println!("mailed {id}");
        Ok(())
    };
    let retry = RetryStrategyConfig::builder().max_attempts(3).build();
    Ok(ctx.wait_for_callback(submit).submitter_retry_config(retry).name("approval").await?)
}

fn main() {
    durable::run(handler)
}
