//! `durabox serve` under load, over HTTP connections that are kept: starts, checkpoints, and executions that are open
//! at once, with its state in a directory and in memory. `cargo bench --bench serve`.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use durabox_tests::clients::service::Service;
use durabox_tests::request::{Connection, encoded};
use durabox_tests::server::{Answer, Server};
use serde_json::{Value, json};

/// Clients, each with a connection of its own.
const CLIENTS: usize = 4;
/// Executions that are started to be run to their ends.
const STARTS: usize = 4000;
/// Steps of an execution whose checkpoints are measured, two to a step; an execution takes 3,000 operations.
const STEPS: usize = 1000;
/// Executions that are open at once.
const OPEN: usize = 10_000;
/// Executions that are open before memory is measured: the first take what all share.
const OPEN_BEFORE: usize = 100;

/// Requests of one kind.
struct Measured {
    latencies: Vec<Duration>,
    /// From the first request to the last answer.
    took: Duration,
}

impl Measured {
    fn row(mut self, state: &str, work: &str) -> String {
        self.latencies.sort_unstable();
        let at = |percent: usize| self.latencies[(self.latencies.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
        let rate = self.latencies.len() as f64 / self.took.as_secs_f64();
        format!("{state:<10} {work:<42} {rate:>8.0}/s {:>8.3} ms {:>8.3} ms", at(50), at(99))
    }
}

/// Invokes a function asynchronously and returns the execution's ARN.
fn start(connection: &mut Connection, function: &str, name: &str) -> String {
    let path = format!("/2015-03-31/functions/{function}/invocations?Qualifier=%24LATEST");
    let headers = [("x-amz-invocation-type", "Event"), ("x-amz-durable-execution-name", name)];
    let answer = connection.request("POST", &path, &headers, b"{}").expect("an answer");
    let arn = answer.header("x-amz-durable-execution-arn").map(str::to_owned);
    arn.unwrap_or_else(|| panic!("{name}: {} {}", answer.status, answer.json()))
}

/// Runs `work` for `count` numbers, shared out to the clients, and returns how long each took and what came of it.
fn by_clients<T: Send>(
    service: &Service,
    count: usize,
    work: impl Fn(&mut Connection, usize) -> T + Sync,
) -> (Measured, Vec<T>) {
    let begin = Instant::now();
    let client = |first: usize| {
        let mut connection = Connection::open(service.endpoint()).expect("the server is there");
        let work = |number| {
            let begin = Instant::now();
            let result = work(&mut connection, number);
            (begin.elapsed(), result)
        };
        (first..count).step_by(CLIENTS).map(work).collect::<Vec<(Duration, T)>>()
    };
    let done: Vec<(Duration, T)> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|first| scope.spawn(move || client(first))).collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });
    let took = begin.elapsed();
    let (latencies, results) = done.into_iter().unzip();
    (Measured { latencies, took }, results)
}

/// Waits until `is_so`.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(120);
    while !is_so() {
        assert!(Instant::now() < limit, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Starts executions of one step, and waits for their ends.
fn starts(service: &Service, state: &str) {
    let begin = Instant::now();
    let (started, _) = by_clients(service, STARTS, |connection, number| {
        start(connection, "hello_world", &format!("start-{number}"));
    });
    let mut connection = Connection::open(service.endpoint()).expect("the server is there");
    until("every execution closes", || {
        connection.request("GET", "/health", &[], b"").expect("an answer").json()["openExecutions"] == 0
    });
    let rate = STARTS as f64 / begin.elapsed().as_secs_f64();
    println!("{}", started.row(state, "Invoke (Event) of one step"));
    println!("{state:<10} {:<42} {rate:>8.0}/s", "… and run to its end");
}

/// A function elsewhere that checkpoints step after step and tells how long each checkpoint took.
fn function(latencies: Sender<Duration>) -> Server {
    Server::start(move |request| {
        let event: Value = serde_json::from_str(&request.body).expect("an invocation event");
        let execution = &event["InitialExecutionState"]["Operations"][0]["ExecutionDetails"];
        let endpoint: String =
            serde_json::from_str(execution["InputPayload"].as_str().expect("an input")).expect("the server's endpoint");
        let arn = event["DurableExecutionArn"].as_str().expect("an ARN");
        let path = format!("/2025-12-01/durable-executions/{}/checkpoint", encoded(arn));
        let mut token = event["CheckpointToken"].as_str().expect("a token").to_owned();
        let mut connection = Connection::open(&endpoint).expect("the server is there");
        for step in 0..STEPS {
            for action in ["START", "SUCCEED"] {
                let mut update = json!({ "Id": format!("step-{step}"), "Type": "STEP", "Action": action });
                if action == "SUCCEED" {
                    update["Payload"] = "1".into();
                }
                let body = json!({ "CheckpointToken": token, "Updates": [update] }).to_string();
                let begin = Instant::now();
                let answer = connection.request("POST", &path, &[], body.as_bytes()).expect("an answer");
                // Nobody listens any more if the benchmark has failed.
                let _ = latencies.send(begin.elapsed());
                let answer = answer.json();
                token = answer["CheckpointToken"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
            }
        }
        Some(Answer::new(200, json!({ "Status": "SUCCEEDED", "Result": "1" }).to_string()))
    })
}

/// Runs an execution to each client whose function is elsewhere, and is measured there.
fn checkpoints(service: &Service, state: &str, latencies: impl Iterator<Item = Duration>) {
    let input = json!(service.endpoint()).to_string();
    let (ran, _) = by_clients(service, CLIENTS, |connection, _| {
        let path = "/2015-03-31/functions/elsewhere/invocations?Qualifier=%24LATEST";
        let answer = connection.request("POST", path, &[], input.as_bytes()).expect("an answer");
        let failed = answer.header("x-amz-function-error");
        assert_eq!((answer.status, failed), (200, None), "{}", answer.json());
    });
    let latencies: Vec<Duration> = latencies.take(CLIENTS * STEPS * 2).collect();
    println!("{}", Measured { latencies, took: ran.took }.row(state, "CheckpointDurableExecution, one update"));
}

/// Returns KiB of the server's resident memory, as Linux has it.
fn resident(service: &Service) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.pid())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("a number of KiB")
}

/// Starts executions that wait for a callback, and waits until each is suspended.
fn open(service: &Service, name: &str, count: usize) {
    by_clients(service, count, |connection, number| {
        let arn = start(connection, "create_callback", &format!("{name}-{number}"));
        let path = format!("/2025-12-01/durable-executions/{}/history?ReverseOrder=true&MaxItems=1", encoded(&arn));
        until("the execution is suspended", || {
            let history = connection.request("GET", &path, &[], b"").expect("an answer").json();
            history["Events"][0]["EventType"] == "InvocationCompleted"
        });
    });
}

/// Opens executions, and says what each takes.
fn memory(service: &Service, state: &str) {
    open(service, "before", OPEN_BEFORE);
    let before = resident(service);
    open(service, "open", OPEN);
    let after = resident(service);
    let each = after.saturating_sub(before) * 1024 / OPEN;
    let work = format!("{OPEN} executions that wait for a callback");
    let mib = |kib: usize| kib as f64 / 1024.0;
    println!("{state:<10} {work:<42} {each:>6} bytes each: {:.1} MiB, then {:.1} MiB", mib(before), mib(after));
}

/// Measures one server; executions that are open come last, as nobody ends them.
fn measure(state: &str, directory: Option<&Path>) {
    let (sender, latencies) = channel();
    let elsewhere = format!("elsewhere=http://{}", function(sender).authority());
    let arguments = ["--function", &elsewhere, "--max-open", "20000", "--log-format", "none"];
    let handlers = ["hello_world", "create_callback"];
    let service = match directory {
        Some(directory) => Service::start_kept(directory, &handlers, &arguments),
        None => Service::start_in_memory(&handlers, &arguments),
    };
    starts(&service, state);
    checkpoints(&service, state, latencies.into_iter());
    memory(&service, state);
}

fn main() {
    println!("{:<10} {:<42} {:>10} {:>11} {:>11}", "state", "work", "rate", "p50", "p99");
    let directory = std::env::temp_dir().join(format!("durabox-bench-serve-{}", std::process::id()));
    measure("directory", Some(&directory));
    std::fs::remove_dir_all(&directory).expect("the state goes");
    measure("memory", None);
}
