//! The two machines alone, without a guest: what an operation costs on the host's side.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use durabox_engine::replay::{CallSite, Claim, Mode, Replay, Request, StepSemantics};
use durabox_engine::service::{Effect, Execution, ExecutionConfig, StartExecution};
use durabox_model::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn claim(index: u32) -> Claim {
    Claim {
        context: 0,
        index,
        batch: None,
        name: Some("reserve".into()),
        request: Request::Step(StepSemantics::AtLeastOncePerRetry),
        site: CallSite { file: "src/bin/order.rs".into(), line: 41, column: 9 },
    }
}

/// Runs `count` steps one after the other, each with a checkpoint of its own.
fn steps(count: u32) -> Execution {
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/n/e1".to_owned();
    // The execution itself counts, so 3,000 steps are one more than Lambda allows.
    let config = ExecutionConfig { max_operations: u64::MAX, ..ExecutionConfig::default() };
    let start = StartExecution { arn, input: Some("{}".into()), config };
    let mut execution = Execution::start(start, NOW);
    let Some(Effect::Invoke { input, .. }) = execution.poll_effect(NOW) else { return execution };
    let mut replay = Replay::new(input.checkpoint_token, input.operations, Mode::Live);
    for index in 1..=count {
        let handle = replay.claim(claim(index)).expect("a claim").handle;
        replay.poll(handle).expect("runs");
        replay.succeed(handle, Some("\"reserved\"".into()), None).expect("a report");
        let request = replay.poll_checkpoint().expect("updates");
        replay.handle_checkpoint(execution.checkpoint(request, NOW).expect("legal")).expect("an answer");
        replay.take_ready();
        replay.poll(handle).expect("acknowledged");
    }
    execution
}

fn engine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine");
    for count in [100, 1000, 3000] {
        group.throughput(Throughput::Elements(u64::from(count)));
        group.bench_with_input(BenchmarkId::new("checkpointed step", count), &count, |bencher, count| {
            bencher.iter(|| black_box(steps(*count)));
        });
        let record = steps(count).operations().to_vec();
        group.bench_with_input(BenchmarkId::new("replayed step", count), &count, |bencher, count| {
            bencher.iter(|| {
                let mut replay = Replay::new("t".into(), record.clone(), Mode::Live);
                for index in 1..=*count {
                    black_box(replay.claim(claim(index)).expect("a claim"));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
