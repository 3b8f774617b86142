//! Benchmark: a map over as many items as the input says, one step each, all at once or only so many.

use durabox_sdk as durable;

async fn handler(
    (count, concurrency): (u32, Option<usize>),
    ctx: durable::DurableContext,
) -> Result<u32, durable::BoxError> {
    let count_one = |item: durable::DurableContext, number: u32, _| async move {
        Ok(item.step(move |_| async move { Ok(number % 2) }).name("count").await?)
    };
    let mut map = ctx.map(0..count, count_one).name("numbers");
    if let Some(concurrency) = concurrency {
        map = map.max_concurrency(concurrency);
    }
    let counted: Vec<u32> = map.await?;
    Ok(counted.into_iter().sum())
}

fn main() {
    durable::run(handler)
}
