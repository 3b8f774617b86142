//! A map or a combinator over items that a test draws: each waits, and then succeeds, fails, or crashes first.

use std::path::Path;
use std::time::Duration;
use std::{fs, process};

use durabox_sdk as durable;
use durabox_sdk::builders::map_parallel::{BatchItemStatus, CompletionConfig, NestingMode};
use serde::Deserialize;

#[derive(Deserialize)]
struct Plan {
    kind: String,
    items: Vec<Item>,
    concurrency: Option<usize>,
    flat: bool,
    min_successful: Option<usize>,
    tolerated: Option<usize>,
}

#[derive(Clone, Copy, Deserialize)]
struct Item {
    /// Seconds; 0 for none.
    wait: u64,
    fails: bool,
    /// The first time that its step runs, the whole function crashes.
    crashes: bool,
}

async fn item(ctx: durable::DurableContext, item: Item, index: usize) -> Result<usize, durable::BoxError> {
    if item.wait > 0 {
        ctx.wait(Duration::from_secs(item.wait)).await?;
    }
    let work = move |_| async move {
        if item.crashes {
            crash_once(index)?;
        }
        Ok(index)
    };
    let index = ctx.step(work).await?;
    if item.fails { Err(format!("item {index} fails").into()) } else { Ok(index) }
}

/// Ends the process, unless an earlier invocation has left the mark that this one leaves.
fn crash_once(index: usize) -> std::io::Result<()> {
    let mark = format!("/crashes/{index}");
    if !Path::new(&mark).exists() {
        fs::write(mark, "")?;
        process::exit(1);
    }
    Ok(())
}

/// Returns each item's index with how it ended, and why there are no more.
async fn handler(plan: Plan, ctx: durable::DurableContext) -> Result<(Vec<(usize, bool)>, String), durable::BoxError> {
    if plan.kind != "map" {
        return Ok((combine(&plan, &ctx).await, plan.kind));
    }
    let mut completion = CompletionConfig::builder();
    if let Some(min) = plan.min_successful {
        completion = completion.min_successful(min);
    }
    if let Some(tolerated) = plan.tolerated {
        completion = completion.tolerated_failure_count(tolerated);
    }
    let nesting = if plan.flat { NestingMode::Flat } else { NestingMode::Normal };
    let mut map = ctx.map(plan.items, item).completion(completion.build()?).nesting(nesting);
    if let Some(concurrency) = plan.concurrency {
        map = map.max_concurrency(concurrency);
    }
    let batch = map.await_batch().await?;
    ctx.wait(Duration::from_secs(1)).name("after").await?;
    let ended = batch.items.iter().map(|item| (item.index, item.status == BatchItemStatus::Succeeded));
    Ok((ended.collect(), batch.reason.as_str().to_owned()))
}

async fn combine(plan: &Plan, ctx: &durable::DurableContext) -> Vec<(usize, bool)> {
    let futures = plan.items.iter().enumerate().map(|(index, drawn)| {
        let drawn = *drawn;
        ctx.run_in_child_context(move |child| item(child, drawn, index)).future()
    });
    let futures: Vec<_> = futures.collect();
    match plan.kind.as_str() {
        "try_join_all" => match ctx.try_join_all(futures).await {
            Ok(values) => values.into_iter().map(|index| (index, true)).collect(),
            Err(_) => Vec::new(),
        },
        "join_all" => match ctx.join_all(futures).await {
            Ok(ended) => ended
                .iter()
                .enumerate()
                .map(|(index, one)| (index, matches!(one, durable::Settled::Fulfilled(_))))
                .collect(),
            Err(_) => Vec::new(),
        },
        "select_ok" => ctx.select_ok(futures).await.map(|index| vec![(index, true)]).unwrap_or_default(),
        _ => ctx.race(futures).await.map(|index| vec![(index, true)]).unwrap_or_default(),
    }
}

fn main() {
    durable::run(handler)
}
