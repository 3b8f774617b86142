//! Benchmark: as many branches as the input says, each of which waits a different time.

use std::time::Duration;

use durabox_sdk as durable;
use durabox_sdk::Branch;

async fn handler(count: u64, ctx: durable::DurableContext) -> Result<u64, durable::BoxError> {
    let branch = |number: u64| {
        Branch::new(format!("branch-{number}"), move |ctx| async move {
            ctx.wait(Duration::from_secs(number)).name("pause").await?;
            Ok(number)
        })
    };
    let waited: Vec<u64> = ctx.parallel((1..=count).map(branch)).name("branches").await?;
    Ok(waited.into_iter().sum())
}

fn main() {
    durable::run(handler)
}
