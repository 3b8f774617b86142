//! Benchmark: as many steps as the input says, one after the other.

use durabox_sdk as durable;

async fn handler(count: u32, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let mut sum = 0;
    for number in 0..count {
        sum += ctx.step(move |_| async move { Ok(number % 2) }).name("count").await?;
    }
    Ok(sum)
}

fn main() {
    durable::run(handler)
}
