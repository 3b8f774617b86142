//! Map 9-3: an iteration gets its item and its index.

use durabox_sdk as durable;

async fn handler(numbers: Vec<usize>, ctx: durable::DurableContext) -> Result<Vec<usize>, durable::BoxError> {
    let add = |_, number: usize, index| async move { Ok(number + index) };
    Ok(ctx.map(numbers, add).name("indexed").max_concurrency(1).await?)
}

fn main() {
    durable::run(handler)
}
