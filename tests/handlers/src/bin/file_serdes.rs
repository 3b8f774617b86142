//! Keeps the results of a step and of the items of a map in files, and waits in between.

use std::time::Duration;

use durabox_sdk as durable;
use durabox_sdk::serdes::{FileSystemSerdes, FileSystemSerdesConfig, FileSystemSerdesMode};

async fn handler(directory: String, ctx: durable::DurableContext) -> Result<(usize, u32), durable::BoxError> {
    let files = FileSystemSerdes::new(&directory);
    let text: String = ctx.step(|_| async { Ok("long ".repeat(300_000)) }).name("fetch").serdes(files.clone()).await?;
    ctx.wait(Duration::from_secs(1)).name("pause").await?;
    let overflow = FileSystemSerdesConfig::builder().storage_mode(FileSystemSerdesMode::Overflow).build();
    let squares = ctx
        .map([1, 2, 3], |item, n: u32, _| async move { Ok(item.step(move |_| async move { Ok(n * n) }).await?) })
        .serdes(files)
        .result_serdes(FileSystemSerdes::with_config(directory, overflow))
        .name("squares")
        .await?;
    ctx.wait(Duration::from_secs(1)).name("rest").await?;
    Ok((text.len(), squares.into_iter().sum()))
}

fn main() {
    durable::run(handler)
}
