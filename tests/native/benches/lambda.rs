//! How long a function takes under Lambda's APIs: our bootstrap, beside the official SDK's native program.
//! `cargo bench --bench lambda`

use std::path::PathBuf;
use std::time::Duration;

use durabox_tests::lambda_service::{Environment, Function, Lambda, Options};

const COUNT: usize = 100;
const INPUT: &str = r#"{"name":"Ada"}"#;

fn main() {
    let function = Function::new("hello_world");
    let programs = [
        ("durabox", function.file("bootstrap")),
        ("official Rust SDK, native", PathBuf::from(env!("CARGO_BIN_EXE_native_hello"))),
    ];
    println!("{COUNT} of each, milliseconds     p50     p99");
    for (name, program) in &programs {
        let start = |lambda: &Lambda| function.start_program(program, &lambda.authority());
        cold(name, start);
        warm(name, start);
    }
}

/// From the start of the process to its question for an event, and to the checkpoint of its first step.
fn cold(name: &str, start: impl Fn(&Lambda) -> Environment) {
    let (mut asked, mut called) = (Vec::new(), Vec::new());
    for _ in 0..COUNT {
        let lambda = Lambda::start();
        let mut environment = start(&lambda);
        let started = environment.started();
        lambda.execute_in(&mut environment, Options::new(INPUT));
        let (first, second) = lambda.since(started);
        asked.push(first);
        called.push(second);
    }
    print(name, "start to event", asked);
    print(name, "start to first operation", called);
}

/// From the event to the answer, in an environment that has answered before.
fn warm(name: &str, start: impl Fn(&Lambda) -> Environment) {
    let lambda = Lambda::start();
    let mut environment = start(&lambda);
    lambda.execute_in(&mut environment, Options::new(INPUT));
    let times = (0..COUNT).map(|_| lambda.execute_in(&mut environment, Options::new(INPUT)).times[0]);
    let times = times.collect();
    print(name, "warm invocation", times);
}

fn print(name: &str, what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1].as_secs_f64() * 1000.0;
    println!("{name}: {what}  {:.2}  {:.2}", at(50), at(99));
}
