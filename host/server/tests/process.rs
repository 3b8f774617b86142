//! Functions as processes behind the Runtime API: what they are told, and what becomes of their ends.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use durabox_server::process::{
    FailureKind, FunctionError, Invocation, InvokeError, ProcessConfig, ProcessLine, Processes, Stream,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde_json::{Value, json};
use tokio::sync::mpsc;

const FUNCTION: &str = include_str!("process_function.py");

/// How long anything may take here before it counts as never. No test waits for it in order to pass.
const NEVER: Duration = Duration::from_secs(60);

fn function() -> ProcessConfig {
    let mut config = ProcessConfig::new("hello", ["python3", "-c", FUNCTION], env!("CARGO_TARGET_TMPDIR"));
    (config.timeout, config.init_timeout) = (NEVER, NEVER);
    config
}

fn with_init(init: &str) -> ProcessConfig {
    ProcessConfig { environment: vec![("INIT".into(), init.into())], ..function() }
}

async fn invoke(processes: &Processes, event: Value) -> Result<Value, InvokeError> {
    let answer = processes.invoke(Invocation::new("request-1", event.to_string())).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

async fn failure(processes: &Processes, event: Value) -> FunctionError {
    match invoke(processes, event).await {
        Err(InvokeError::Function(error)) => error,
        other => panic!("not a failure of the function: {other:?}"),
    }
}

/// Checks Lambda's own body of an error.
fn assert_lambda_error(error: &FunctionError, kind: FailureKind, error_type: &str, message: &str) {
    assert_eq!((error.kind, &*error.error_type, &*error.message), (kind, error_type, message));
    let body: Value = serde_json::from_slice(&error.body).unwrap();
    assert_eq!(body, json!({ "errorType": error_type, "errorMessage": message }));
}

fn pid(of: &Value) -> i32 {
    i32::try_from(of.as_i64().unwrap()).unwrap()
}

/// A sink that can be listened to.
fn listen(config: &mut ProcessConfig) -> mpsc::UnboundedReceiver<ProcessLine> {
    let (told, lines) = mpsc::unbounded_channel();
    config.log = Arc::new(move |line| told.send(line).unwrap_or_default());
    lines
}

/// What a sink has been told by now.
fn told(lines: &mut mpsc::UnboundedReceiver<ProcessLine>) -> Vec<String> {
    std::iter::from_fn(|| lines.try_recv().ok()).map(|line| line.text).collect()
}

/// A place where a function that is told to `hold` waits until something is written there.
struct Gate(PathBuf);

impl Gate {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        Self(path)
    }

    fn event(&self) -> Value {
        json!({ "do": "hold", "until": self.0 })
    }

    fn open(&self) {
        std::fs::write(&self.0, "open").unwrap();
    }
}

/// The letter that Linux has for what a process is doing: `T` if it is stopped.
fn state(pid: i32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
}

async fn until_frozen(pid: i32) {
    let asked = Instant::now();
    while state(pid) != 'T' {
        assert!(asked.elapsed() < NEVER, "process {pid} is not stopped: {}", state(pid));
        tokio::task::yield_now().await;
    }
}

/// Waits for the end of a process, whoever's child it is.
fn assert_gone(pid: i32) {
    let Ok(process) = pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()) else { return };
    let patience = Timespec { tv_sec: NEVER.as_secs().cast_signed(), tv_nsec: 0 };
    let ended = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&patience)).unwrap();
    assert_eq!(ended, 1, "process {pid} is still there");
}

#[tokio::test]
async fn a_function_has_its_event_with_the_headers_of_lambda() {
    let processes = Processes::new(function());
    let invocation = Invocation {
        invoked_function_arn: Some("arn:aws:lambda:us-east-1:1:function:hello:live".into()),
        trace_id: Some("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".into()),
        client_context: Some(r#"{"custom":{"müesli":"ja"}}"#.into()),
        tenant_id: Some("blue".into()),
        ..Invocation::new("8476a536", r#"{"do":"echo","n":1}"#)
    };
    let answer: Value = serde_json::from_slice(&processes.invoke(invocation).await.unwrap()).unwrap();
    assert_eq!(answer["event"], json!({ "do": "echo", "n": 1 }));
    let headers = &answer["headers"];
    let header = |name: &str| headers[name].as_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("lambda-runtime-aws-request-id"), "8476a536");
    assert_eq!(header("lambda-runtime-invoked-function-arn"), "arn:aws:lambda:us-east-1:1:function:hello:live");
    assert_eq!(header("lambda-runtime-trace-id"), "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700");
    assert_eq!(header("lambda-runtime-aws-tenant-id"), "blue");
    // Python reads headers as Latin-1.
    let context: Vec<u8> = header("lambda-runtime-client-context").chars().map(|letter| letter as u8).collect();
    assert_eq!(String::from_utf8(context).unwrap(), r#"{"custom":{"müesli":"ja"}}"#);
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let deadline = Duration::from_millis(header("lambda-runtime-deadline-ms").parse().unwrap());
    assert!(deadline > now && deadline <= now + NEVER, "{deadline:?} at {now:?}");
}

#[tokio::test]
async fn headers_that_nobody_asked_for_are_left_out() {
    let answer = invoke(&Processes::new(function()), json!({ "do": "echo" })).await.unwrap();
    let names: Vec<&String> = answer["headers"].as_object().unwrap().keys().collect();
    let lambda: Vec<_> = names.into_iter().filter(|name| name.starts_with("lambda-")).collect();
    assert_eq!(
        lambda,
        ["lambda-runtime-aws-request-id", "lambda-runtime-deadline-ms", "lambda-runtime-invoked-function-arn"]
    );
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:hello";
    assert_eq!(answer["headers"]["lambda-runtime-invoked-function-arn"], arn);
}

#[tokio::test]
async fn a_line_break_in_a_header_is_refused_before_any_process_starts() {
    let invocation = Invocation { tenant_id: Some("blue\r\nx: y".into()), ..Invocation::new("request-1", "{}") };
    let error = Processes::new(function()).invoke(invocation).await.unwrap_err();
    assert!(matches!(error, InvokeError::InvalidHeader { what: "lambda-runtime-aws-tenant-id", .. }), "{error}");
}

#[tokio::test]
async fn a_warm_process_has_the_next_event() {
    let processes = Processes::new(function());
    let first = invoke(&processes, json!({})).await.unwrap();
    let second = invoke(&processes, json!({})).await.unwrap();
    assert_eq!(first["pid"], second["pid"]);
    assert_eq!(second["count"], 2);
}

#[tokio::test]
async fn invocations_at_a_time_have_processes_of_their_own_and_the_last_that_worked_is_next() {
    let mut config = ProcessConfig { max_concurrency: 2, ..function() };
    let mut lines = listen(&mut config);
    let processes = Processes::new(config);
    let gates = [Gate::new("first"), Gate::new("second")];
    let [first, second] = [0, 1].map(|index| {
        let (processes, event) = (processes.clone(), gates[index].event());
        tokio::spawn(async move { invoke(&processes, event).await.unwrap() })
    });
    for _ in 0..2 {
        assert!(lines.recv().await.unwrap().text.starts_with("holding"));
    }
    let refused = invoke(&processes, json!({})).await.unwrap_err();
    assert!(matches!(refused, InvokeError::TooManyRequests { limit: 2 }), "{refused}");
    gates[0].open();
    let first = first.await.unwrap();
    gates[1].open();
    let second = second.await.unwrap();
    assert_ne!(first["pid"], second["pid"]);
    assert_eq!(invoke(&processes, json!({})).await.unwrap()["pid"], second["pid"]);
}

#[tokio::test]
async fn who_waits_for_room_has_the_process_that_is_free_next() {
    let mut config = ProcessConfig { max_concurrency: 1, ..function() };
    let mut lines = listen(&mut config);
    let processes = Processes::new(config);
    let gate = Gate::new("in-turn");
    let (busy, event) = (processes.clone(), gate.event());
    let first = tokio::spawn(async move { invoke(&busy, event).await.unwrap() });
    lines.recv().await.unwrap();
    let mut room = std::pin::pin!(processes.room());
    let early = tokio::time::timeout(Duration::from_millis(50), &mut room).await;
    assert!(early.is_err(), "the only process is busy: {early:?}");
    gate.open();
    assert_eq!(first.await.unwrap()["count"], 1);
    let second = processes.invoke_in(room.await.unwrap(), Invocation::new("request-2", "{}")).await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&second).unwrap()["count"], 2);
}

#[tokio::test]
async fn a_process_that_is_idle_for_long_is_ended() {
    let processes = Processes::new(ProcessConfig { idle_timeout: Duration::from_millis(1), ..function() });
    let first = invoke(&processes, json!({})).await.unwrap();
    let limit = Instant::now() + NEVER;
    while PathBuf::from(format!("/proc/{}", first["pid"])).exists() {
        assert!(Instant::now() < limit, "the process stays");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(invoke(&processes, json!({})).await.unwrap()["count"], 1);
}

#[tokio::test]
async fn an_invocation_goes_on_when_its_caller_stops_waiting() {
    let mut config = ProcessConfig { max_concurrency: 1, ..function() };
    let mut lines = listen(&mut config);
    let processes = Processes::new(config);
    let gate = Gate::new("abandoned");
    let (waiting, event) = (processes.clone(), gate.event());
    let caller = tokio::spawn(async move { invoke(&waiting, event).await });
    lines.recv().await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert!(matches!(invoke(&processes, json!({})).await, Err(InvokeError::TooManyRequests { limit: 1 })));
    gate.open();
    let next = loop {
        match invoke(&processes, json!({})).await {
            Err(InvokeError::TooManyRequests { .. }) => tokio::task::yield_now().await,
            other => break other.unwrap(),
        }
    };
    assert_eq!(next["count"], 2);
}

#[tokio::test]
async fn a_process_and_its_children_are_frozen_between_invocations() {
    let processes = Processes::new(function());
    let answer = invoke(&processes, json!({ "do": "child" })).await.unwrap();
    let both = [pid(&answer["pid"]), pid(&answer["child"])];
    for process in both {
        until_frozen(process).await;
    }
    let again = invoke(&processes, json!({})).await.unwrap();
    assert_eq!((&again["pid"], &again["count"]), (&answer["pid"], &json!(2)));
    for process in both {
        until_frozen(process).await;
    }
    drop(processes);
    both.into_iter().for_each(assert_gone);
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_killed_with_its_children_and_replaced() {
    let mut config = ProcessConfig { timeout: Duration::from_millis(500), ..function() };
    let mut lines = listen(&mut config);
    let processes = Processes::new(config);
    let error = failure(&processes, json!({ "do": "child-and-hang" })).await;
    let message = "RequestId: request-1 Error: Task timed out after 0.50 seconds";
    assert_lambda_error(&error, FailureKind::TimedOut, "Sandbox.Timedout", message);
    let child = told(&mut lines).concat().parse().unwrap();
    assert_gone(child);
    assert_eq!(invoke(&processes, json!({})).await.unwrap()["count"], 1);
}

#[tokio::test]
async fn a_function_that_ends_is_an_exit_error_in_lambdas_words_and_replaced() {
    let processes = Processes::new(function());
    for (event, reason) in [
        (json!({ "do": "exit", "status": 0 }), "Runtime exited without providing a reason"),
        (json!({ "do": "exit", "status": 7 }), "Runtime exited with error: exit status 7"),
        (json!({ "do": "kill", "signal": 9 }), "Runtime exited with error: signal: killed"),
        (json!({ "do": "kill", "signal": 15 }), "Runtime exited with error: signal: terminated"),
    ] {
        let error = failure(&processes, event).await;
        let message = format!("RequestId: request-1 Error: {reason}");
        assert_lambda_error(&error, FailureKind::Exited, "Runtime.ExitError", &message);
        assert_eq!(invoke(&processes, json!({})).await.unwrap()["count"], 1);
    }
}

#[tokio::test]
async fn a_function_that_ends_after_its_answer_has_answered_and_is_replaced() {
    let processes = Processes::new(function());
    let first = invoke(&processes, json!({ "do": "answer-and-exit" })).await.unwrap();
    assert_gone(pid(&first["pid"]));
    assert_eq!(invoke(&processes, json!({})).await.unwrap()["count"], 1);
}

#[tokio::test]
async fn a_process_that_dies_while_it_is_frozen_is_replaced() {
    let processes = Processes::new(function());
    let frozen = pid(&invoke(&processes, json!({})).await.unwrap()["pid"]);
    until_frozen(frozen).await;
    rustix::process::kill_process(Pid::from_raw(frozen).unwrap(), rustix::process::Signal::KILL).unwrap();
    assert_gone(frozen);
    // The end is known as soon as it has been waited for, which is some task's turn from now.
    let answer = loop {
        match invoke(&processes, json!({})).await {
            Err(InvokeError::Function(error)) => assert_eq!(error.kind, FailureKind::Exited),
            other => break other.unwrap(),
        }
    };
    assert_eq!(answer["count"], 1);
}

#[tokio::test]
async fn an_error_that_the_function_reports_is_passed_on_as_it_is() {
    let processes = Processes::new(function());
    let body = r#"{"errorMessage":"out of stock", "errorType":"OrderError", "stackTrace":["a", "b"]}"#;
    let headers = json!({ "Lambda-Runtime-Function-Error-Type": "Runtime.OrderError" });
    let error = failure(&processes, json!({ "do": "fail", "body": body, "headers": headers })).await;
    assert_eq!((error.kind, &*error.body), (FailureKind::Reported, body.as_bytes()));
    assert_eq!((&*error.error_type, &*error.message), ("OrderError", "out of stock"));

    let error = failure(&processes, json!({ "do": "fail", "body": "not JSON", "headers": headers })).await;
    assert_eq!((&*error.error_type, &*error.body), ("Runtime.OrderError", b"not JSON".as_slice()));
    assert_eq!(error.message, "not JSON");

    // X-Ray's cause comes in a header of up to a megabyte.
    let headers = json!({ "Lambda-Runtime-Function-XRay-Error-Cause": "x".repeat(1024 * 1024) });
    let error = failure(&processes, json!({ "do": "fail", "body": "{}", "headers": headers })).await;
    assert_eq!((&*error.error_type, &*error.body), ("Runtime.Unknown", b"{}".as_slice()));
    assert_eq!(invoke(&processes, json!({})).await.unwrap()["count"], 4);
}

#[tokio::test]
async fn a_function_that_cannot_start_says_why() {
    let error = failure(&Processes::new(with_init("error")), json!({})).await;
    let body = r#"{"errorMessage":"no module named app","errorType":"Runtime.ImportModuleError"}"#;
    assert_eq!((error.kind, &*error.body), (FailureKind::InitReported, body.as_bytes()));
    assert_eq!((&*error.error_type, &*error.message), ("Runtime.ImportModuleError", "no module named app"));

    let error = failure(&Processes::new(with_init("exit")), json!({})).await;
    let message = "RequestId: request-1 Error: Runtime exited with error: exit status 3";
    assert_lambda_error(&error, FailureKind::Exited, "Runtime.ExitError", message);

    let soon = Duration::from_millis(250);
    let config = ProcessConfig { init_timeout: soon, timeout: soon / 2, ..with_init("hang") };
    let error = failure(&Processes::new(config), json!({})).await;
    let message = "RequestId: request-1 Error: Task timed out after 0.25 seconds";
    assert_lambda_error(&error, FailureKind::InitTimedOut, "Sandbox.Timedout", message);
}

#[tokio::test]
async fn a_command_that_cannot_be_started_is_the_functions_error() {
    let code = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let with = |command: &str| ProcessConfig { command: vec![command.into()], ..function() };

    let error = failure(&Processes::new(with("./bootstrap")), json!({})).await;
    let message = format!(
        "RequestId: request-1 Error: Couldn't find valid bootstrap(s): [{}]",
        code.join("./bootstrap").display()
    );
    assert_lambda_error(&error, FailureKind::Launch, "Runtime.InvalidEntrypoint", &message);

    std::fs::write(code.join("not-executable"), "#!/bin/sh\n").unwrap();
    let error = failure(&Processes::new(with("./not-executable")), json!({})).await;
    let message =
        format!("RequestId: request-1 Error: fork/exec {}: permission denied", code.join("./not-executable").display());
    assert_lambda_error(&error, FailureKind::Launch, "Runtime.InvalidEntrypoint", &message);

    let config = ProcessConfig { working_dir: code.join("nowhere"), ..function() };
    let error = failure(&Processes::new(config), json!({})).await;
    let message =
        format!("RequestId: request-1 Error: chdir {}: no such file or directory", code.join("nowhere").display());
    assert_lambda_error(&error, FailureKind::Launch, "Runtime.InvalidWorkingDir", &message);
}

#[tokio::test]
async fn a_function_above_its_memory_is_killed() {
    let processes = Processes::new(ProcessConfig { memory_mb: 128, ..function() });
    let error = failure(&processes, json!({ "do": "allocate", "bytes": 160 * 1024 * 1024 })).await;
    let message = "RequestId: request-1 Error: Runtime exited with error: signal: killed";
    assert_lambda_error(&error, FailureKind::OutOfMemory, "Runtime.ExitError", message);
    assert_eq!(invoke(&processes, json!({})).await.unwrap()["count"], 1);
}

#[tokio::test]
async fn the_largest_answer_passes_and_one_byte_more_is_an_error() {
    let mut config = function();
    let mut lines = listen(&mut config);
    let processes = Processes::new(config);
    let limit = 6_291_556;
    let answer = invoke(&processes, json!({ "do": "answer", "bytes": limit })).await.unwrap();
    assert_eq!(answer.as_str().unwrap().len(), limit - 2);
    assert_eq!(told(&mut lines), [r#"202 {"status":"OK"}"#]);

    for bytes in [limit + 1, 20_000_000] {
        let error = failure(&processes, json!({ "do": "answer", "bytes": bytes })).await;
        let message = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
        assert_lambda_error(&error, FailureKind::ResponseTooLarge, "Function.ResponseSizeTooLarge", message);
        let [refused] = told(&mut lines).try_into().unwrap();
        let refused = refused.strip_prefix("413 ").unwrap();
        assert_eq!(serde_json::from_str::<Value>(refused).unwrap()["errorType"], "RequestEntityTooLarge");
    }
    assert_eq!(invoke(&processes, json!({})).await.unwrap()["count"], 4);
}

#[tokio::test]
async fn an_answer_may_come_in_chunks_and_fail_behind_its_body() {
    let mut config = function();
    let mut lines = listen(&mut config);
    let processes = Processes::new(config);
    assert_eq!(invoke(&processes, json!({ "do": "stream" })).await.unwrap(), "one two");
    let error = failure(&processes, json!({ "do": "stream-fails" })).await;
    let body = r#"{"errorMessage":"half-way","errorType":"Broken"}"#;
    assert_eq!((error.kind, &*error.error_type, &*error.body), (FailureKind::Reported, "Broken", body.as_bytes()));
    assert_eq!(told(&mut lines), ["HTTP/1.1 202 Accepted", "HTTP/1.1 202 Accepted"]);
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_has_no_known_mode_is_no_answer() {
    let processes = Processes::new(function());
    let error = failure(&processes, json!({ "do": "stream-breaks" })).await;
    assert_eq!((error.kind, &*error.error_type), (FailureKind::InvalidResponse, "Runtime.TruncatedResponse"));
    let error = failure(&processes, json!({ "do": "mode" })).await;
    assert_eq!((error.kind, &*error.error_type), (FailureKind::InvalidResponse, "Runtime.InvalidResponseModeHeader"));
}

#[tokio::test]
async fn requests_that_do_not_fit_are_refused_and_change_nothing() {
    let mut config = function();
    let mut lines = listen(&mut config);
    let processes = Processes::new(config);
    let answer = invoke(&processes, json!({ "do": "refusals" })).await.unwrap();
    let expected = json!([
        [400, "InvalidRequestID"],
        [400, "InvalidRequestID"],
        [403, "InvalidStateTransition"],
        [403, "InvalidStateTransition"],
        [405, "MethodNotAllowed"],
        [405, "MethodNotAllowed"],
        [404, "NotFound"],
        [404, "NotFound"],
    ]);
    assert_eq!(answer["refusals"], expected);
    assert_eq!(invoke(&processes, json!({ "do": "answer-twice" })).await.unwrap(), "first");
    assert_eq!(told(&mut lines), ["403 InvalidStateTransition"]);
    assert_eq!(invoke(&processes, json!({})).await.unwrap()["count"], 3);
}

#[tokio::test]
async fn the_environment_is_what_lambda_sets_the_functions_own_and_little_else() {
    // The interpreter itself: what is on PATH may be a script that sets variables of its own.
    let python = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().unwrap();
    let python = String::from_utf8(python.stdout).unwrap();
    let config = ProcessConfig {
        command: vec![python.trim().into(), "-c".into(), FUNCTION.into()],
        environment: [("TABLE", "orders"), ("TZ", "Europe/Zurich"), ("AWS_REGION", "mars"), ("_HANDLER", "forged")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        function_version: "7".into(),
        handler: Some("app.handler".into()),
        runtime: Some("python3.13".into()),
        region: "eu-central-1".into(),
        memory_mb: 256,
        ..function()
    };
    let answer = invoke(&Processes::new(config), json!({ "do": "environment" })).await.unwrap();
    let mut answer: BTreeMap<String, String> = serde_json::from_value(answer).unwrap();
    let address = answer.remove("AWS_LAMBDA_RUNTIME_API").unwrap();
    let port = address.strip_prefix("127.0.0.1:").unwrap();
    assert!(port.parse::<u16>().is_ok_and(|port| port > 0), "{address}");
    let stream = answer.remove("AWS_LAMBDA_LOG_STREAM_NAME").unwrap();
    let (day, id) = stream.split_once("/[7]").unwrap();
    assert_eq!((day.len(), day.matches('/').count(), id.len()), ("2026/01/01".len(), 2, 32));
    let directory = env!("CARGO_TARGET_TMPDIR");
    let mut expected = BTreeMap::from([
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_NAME", "hello"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "7"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/hello"),
        ("AWS_REGION", "eu-central-1"),
        ("LAMBDA_TASK_ROOT", directory),
        ("TABLE", "orders"),
        ("TZ", "Europe/Zurich"),
        ("_HANDLER", "app.handler"),
        ("(directory)", directory),
    ]);
    let of_this_machine = ["PATH", "HOME", "LANG"].map(|name| (name, std::env::var(name)));
    expected.extend(of_this_machine.iter().filter_map(|(name, value)| Some((*name, value.as_deref().ok()?))));
    let expected: BTreeMap<String, String> =
        expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn what_a_process_writes_is_told_with_its_invocation_before_the_answer() {
    let mut config = with_init("print");
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    config.log = Arc::new(move |line| sink.lock().unwrap().push(line));
    let processes = Processes::new(config);
    let long = "x".repeat(256 * 1024 + 1);
    for (id, text) in [("request-1", "one"), ("request-2", &*long)] {
        let event = json!({ "do": "print", "lines": [text] });
        processes.invoke(Invocation::new(id, event.to_string())).await.unwrap();
    }
    let lines = lines.lock().unwrap();
    let of = |stream| {
        let of_stream = lines.iter().filter(move |line| line.stream == stream);
        of_stream.map(|line| (line.request_id.as_deref(), &*line.text)).collect::<Vec<_>>()
    };
    let (part, first, second) = (&long[1..], Some("request-1"), Some("request-2"));
    assert_eq!(
        of(Stream::Stdout),
        [
            (None, "coming up"),
            (first, "one"),
            (first, "no end of line"),
            (second, part),
            (second, "x"),
            (second, "no end of line")
        ]
    );
    assert_eq!(of(Stream::Stderr), [(first, "one!"), (second, part), (second, "x!")]);
}

#[tokio::test]
async fn a_shutdown_lets_a_frozen_process_say_its_last_words() {
    let mut config = with_init("last-words");
    let mut lines = listen(&mut config);
    let processes = Processes::new(config);
    let frozen = pid(&invoke(&processes, json!({})).await.unwrap()["pid"]);
    until_frozen(frozen).await;
    processes.shutdown().await;
    assert_gone(frozen);
    assert_eq!(told(&mut lines), ["good bye"]);
    assert!(matches!(invoke(&processes, json!({})).await, Err(InvokeError::ShuttingDown)));
}

#[tokio::test]
async fn a_shutdown_kills_what_does_not_end() {
    let mut config = with_init("ignore-term");
    let mut lines = listen(&mut config);
    let processes = Processes::new(config);
    let frozen = pid(&invoke(&processes, json!({})).await.unwrap()["pid"]);
    until_frozen(frozen).await;
    let gate = Gate::new("never");
    let (waiting, event) = (processes.clone(), gate.event());
    let working = tokio::spawn(async move { failure(&waiting, event).await });
    assert_eq!(lines.recv().await.unwrap().text, format!("holding {frozen}"));
    processes.shutdown().await;
    assert_gone(frozen);
    assert_eq!(working.await.unwrap().message, "RequestId: request-1 Error: Runtime exited with error: signal: killed");
}

/// The test's own program plays the server that is killed: as itself, asked for this test only.
#[tokio::test]
async fn no_function_outlives_a_server_that_is_killed() {
    const SERVER: &str = "DURABOX_TEST_SERVER";
    if std::env::var_os(SERVER).is_some() {
        let mut config = function();
        let mut lines = listen(&mut config);
        let processes = Processes::new(config);
        let frozen = invoke(&processes, json!({ "do": "child" })).await.unwrap();
        let (waiting, event) = (processes.clone(), json!({ "do": "child-and-hang" }));
        let other = tokio::spawn(async move { invoke(&waiting, event).await });
        let (third, event) = (processes.clone(), json!({ "do": "child-and-hang" }));
        let another = tokio::spawn(async move { invoke(&third, event).await });
        let children = [lines.recv().await.unwrap().text, lines.recv().await.unwrap().text];
        println!("\nfunctions {} {} {} {}", frozen["pid"], frozen["child"], children[0], children[1]);
        let _ = tokio::join!(other, another);
        unreachable!("the server is killed while its functions hang");
    }
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "no_function_outlives_a_server_that_is_killed", "--nocapture"])
        .env(SERVER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(server.stdout.take().unwrap()).lines();
    let line = output.map(Result::unwrap).find(|line| line.starts_with("functions ")).unwrap();
    let functions: Vec<i32> = line.split(' ').skip(1).map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(functions.len(), 4);
    server.kill().unwrap();
    server.wait().unwrap();
    functions.into_iter().for_each(assert_gone);
}
