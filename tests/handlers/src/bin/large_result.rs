//! Returns more than the answer of an invocation takes: 6 MiB less 30 bytes, the quotes of a JSON string counted.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let letter: String = ctx.step(|_| async { Ok("x".to_owned()) }).name("letter").await?;
    Ok(letter.repeat(6 * 1024 * 1024 - 32))
}

fn main() {
    durable::run(handler)
}
