//! Shows `race`: an answer or a time limit, whichever comes first, recorded so that replay decides the same.

use std::time::Duration;

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let answer = ctx.create_callback::<String>().name("answer").await?.result();
    let child = ctx.run_in_child_context(|limit| async move {
        limit.wait(Duration::from_secs(3600)).name("an hour").await?;
        Ok("too late".to_owned())
    });
    Ok(ctx.race([answer, child.name("limit").future()]).name("first").await?)
}

fn main() {
    durable::run(handler)
}
