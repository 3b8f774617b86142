//! Wait for condition 6-9: an object as the state.

use std::time::Duration;

use durable::builders::wait_for_condition::WaitDecision;
use durabox_sdk as durable;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Pending,
    Done,
}

#[derive(Clone, Serialize, Deserialize)]
struct Job {
    status: Status,
    attempts: u32,
}

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<Job, durable::BoxError> {
    let check = |_, job: Job| async move {
        let attempts = job.attempts + 1;
        let status = if attempts >= 2 { Status::Done } else { job.status };
        Ok(Job { status, attempts })
    };
    let while_pending = |job: Job, _| match job.status {
        Status::Pending => WaitDecision::continue_with(Duration::from_secs(1)),
        Status::Done => WaitDecision::complete(),
    };
    let initial = Job { status: Status::Pending, attempts: 0 };
    Ok(ctx.wait_for_condition(check, initial).wait_strategy_fn(while_pending).await?)
}

fn main() {
    durable::run(handler)
}
