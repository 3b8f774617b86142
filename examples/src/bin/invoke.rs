//! Shows an invoke of another function, by name; `invoke_target` is the function.

use durabox_sdk as durable;

async fn handler(amount: u64, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let receipt: String = ctx.invoke("invoke_target", amount).name("pay").await?;
    Ok(format!("{receipt}, thank you"))
}

fn main() {
    durable::run(handler)
}
