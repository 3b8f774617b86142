//! Benchmark: as many steps as the input says, each of which returns 100,000 letters.

use durabox_sdk as durable;

async fn handler(count: u32, ctx: durable::DurableContext) -> Result<usize, durable::BoxError> {
    let mut letters = 0;
    for _ in 0..count {
        let text: String = ctx.step(|_| async { Ok("x".repeat(100_000)) }).name("fetch").await?;
        letters += text.len();
    }
    Ok(letters)
}

fn main() {
    durable::run(handler)
}
