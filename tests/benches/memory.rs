//! Resident memory of executions that are alive at once, guest included, as Linux has it in
//! `/proc/self/status`. `cargo bench --bench memory`.

use durabox::runtime::local::{self, Run, RunOptions, controls};
use durabox::runtime::model::ExecutionStatus;
use durabox_tests::handlers::{artifact, block_on, sandbox};
use tokio::task::JoinSet;

const SUSPENDED: usize = 2000;
const RUNNING: usize = 200;

/// Returns KiB of memory: `VmRSS` is what is resident, `VmHWM` the most that ever was.
fn memory(line: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let found = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    found.and_then(|text| text.split_whitespace().next()?.parse().ok()).expect("a number of KiB")
}

fn options(real_time: bool) -> RunOptions {
    RunOptions { shadow_replay: false, real_time, ..RunOptions::default() }
}

/// Returns KiB to an execution that waits for a callback: its guest is gone.
async fn suspended() -> usize {
    let handler = artifact("bench_live");
    let mut runs: JoinSet<Run> = JoinSet::new();
    let mut held = Vec::new();
    let mut before = 0;
    for number in 0..=SUSPENDED {
        let (control, commands) = controls();
        let handler = handler.clone();
        runs.spawn_local(async move {
            local::run_controlled(sandbox(), &handler, "false", options(false), None, commands).await.expect("a run")
        });
        control.wait_for_callback("open").await.expect("an open callback");
        held.push(control);
        // The first takes what all share.
        if number == 0 {
            before = memory("VmRSS");
        }
    }
    let each = (memory("VmRSS") - before) / SUSPENDED;
    for control in held {
        control.succeed("open", Some("1".into())).await.expect("an answer in time");
    }
    assert_ended(runs).await;
    each
}

/// Returns KiB to an execution whose invocation is in the middle of a step.
async fn running() -> usize {
    let handler = artifact("bench_live");
    let mut runs: JoinSet<Run> = JoinSet::new();
    let before = memory("VmHWM");
    for _ in 0..RUNNING {
        let handler = handler.clone();
        runs.spawn_local(
            async move { local::run(sandbox(), &handler, "true", options(true), None).await.expect("a run") },
        );
    }
    assert_ended(runs).await;
    (memory("VmHWM") - before) / RUNNING
}

async fn assert_ended(runs: JoinSet<Run>) {
    for run in runs.join_all().await {
        assert_eq!(run.execution.status(), ExecutionStatus::Succeeded, "{:?}", run.execution.error());
    }
}

fn main() {
    block_on(tokio::task::LocalSet::new().run_until(async {
        println!("{SUSPENDED} executions that wait for a callback: {} KiB each", suspended().await);
        println!("{RUNNING} executions in the middle of a step: {} KiB each", running().await);
    }));
}
