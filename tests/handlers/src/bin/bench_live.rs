//! Benchmark: ten steps, and then a callback that stays open, or a step that takes its time.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(runs: bool, ctx: durable::DurableContext) -> Result<u32, durable::BoxError> {
    let mut sum = 0;
    for number in 0..10 {
        sum += ctx.step(move |_| async move { Ok(number) }).name("count").await?;
    }
    if runs {
        let work = |_| async {
            durable::io::sleep(Duration::from_secs(2)).await;
            Ok(())
        };
        ctx.step(work).name("work").await?;
    } else {
        let answer: u32 = ctx.create_callback().name("open").await?.result().await?;
        sum += answer;
    }
    Ok(sum)
}

fn main() {
    durable::run(handler)
}
