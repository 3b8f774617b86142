//! Benchmark: a step and a wait of an hour, as often as the input says.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(count: u32, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let mut sum = 0;
    for number in 0..count {
        sum += ctx.step(move |_| async move { Ok(number) }).name("count").await?;
        ctx.wait(Duration::from_hours(1)).name("pause").await?;
    }
    Ok(sum)
}

fn main() {
    durable::run(handler)
}
