//! Map 9-2: a map without a name, whose iterations return at once.

use durabox_sdk as durable;

async fn handler(numbers: Vec<u64>, ctx: durable::DurableContext) -> Result<Vec<u64>, durable::BoxError> {
    Ok(ctx.map(numbers, |_, number, _| async move { Ok(number * 2) }).max_concurrency(1).await?)
}

fn main() {
    durable::run(handler)
}
