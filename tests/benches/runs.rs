//! Whole executions in process, guest included. `cargo bench --bench runs`.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use durabox::runtime::local::{self, Run, RunOptions};
use durabox::runtime::model::ExecutionStatus;
use durabox::runtime::sandbox::InvokeOptions;
use durabox::runtime::store::Store;
use durabox::runtime::verify::{self, Recorded};
use durabox::runtime::{Artifact, Sandbox, SandboxOptions};
use durabox_tests::handlers::{artifact, component, sandbox};

fn execute(artifact: &Artifact, input: &str, store: Option<&Store>, runtime: &tokio::runtime::Runtime) -> Run {
    let options = RunOptions { shadow_replay: false, ..RunOptions::default() };
    let run = runtime.block_on(local::run(sandbox(), artifact, input, options, store)).expect("a run");
    assert_eq!(run.execution.status(), ExecutionStatus::Succeeded, "{:?}", run.execution.error());
    run
}

fn runs(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group("run");
    let hello = artifact("hello_world");
    group.bench_function("hello, one step", |bencher| {
        bencher.iter(|| black_box(execute(&hello, r#"{"name":"Ada"}"#, None, &runtime)));
    });
    let waits = artifact("bench_waits");
    group.bench_function("50 times a step and a wait of an hour", |bencher| {
        bencher.iter(|| black_box(execute(&waits, "50", None, &runtime)));
    });

    let steps = artifact("bench_steps");
    group.throughput(Throughput::Elements(1000));
    group.bench_function("1,000 steps in memory", |bencher| {
        bencher.iter(|| black_box(execute(&steps, "1000", None, &runtime)));
    });
    let directory = std::env::temp_dir().join(format!("durabox-bench-{}", std::process::id()));
    let store = Store::open(&directory).expect("a store");
    group.sample_size(20).bench_function("1,000 steps in SQLite", |bencher| {
        bencher.iter(|| black_box(execute(&steps, "1000", Some(&store), &runtime)));
    });
    drop(store);
    std::fs::remove_dir_all(&directory).expect("the store goes");

    let map = artifact("bench_map");
    group.bench_function("map over 1,000 items, a step each", |bencher| {
        bencher.iter(|| black_box(execute(&map, "[1000, null]", None, &runtime)));
    });
    group.bench_function("map over 1,000 items, a step each, 10 at once", |bencher| {
        bencher.iter(|| black_box(execute(&map, "[1000, 10]", None, &runtime)));
    });
    group.throughput(Throughput::Elements(100));
    let parallel = artifact("bench_parallel");
    group.bench_function("parallel of 100 branches, each waits another time", |bencher| {
        bencher.iter(|| black_box(execute(&parallel, "100", None, &runtime)));
    });
    // The execution itself is metered as one: 3,000 in all.
    group.throughput(Throughput::Elements(3000));
    group.bench_function("3,000 operations", |bencher| {
        bencher.iter(|| black_box(execute(&steps, "2999", None, &runtime)));
    });
    group.throughput(Throughput::Bytes(10_000_000));
    let payloads = artifact("bench_payloads");
    group.bench_function("10 MB of payloads in 100 steps", |bencher| {
        bencher.iter(|| black_box(execute(&payloads, "100", None, &runtime)));
    });

    group.throughput(Throughput::Elements(1000));
    let recorded = Recorded::from(&execute(&steps, "1000", None, &runtime));
    group.bench_function("1,000 recorded steps replayed", |bencher| {
        let replay = || verify::replay(sandbox(), &steps, &recorded, InvokeOptions::default());
        bencher.iter(|| black_box(runtime.block_on(replay())));
    });
    group.finish();
}

fn loads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    let path = component("hello_world");
    group.sample_size(10).bench_function("cold: compiled", |bencher| {
        let cold = Sandbox::new(SandboxOptions { cache_dir: None }).expect("a sandbox");
        bencher.iter_batched(|| (), |()| black_box(cold.load(&path).expect("a component")), BatchSize::PerIteration);
    });
    group.sample_size(50).bench_function("cached", |bencher| {
        bencher.iter(|| black_box(sandbox().load(&path).expect("a component")));
    });
    group.finish();
}

criterion_group!(benches, runs, loads);
criterion_main!(benches);
