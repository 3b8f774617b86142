//! `durabox serve` by itself: what it refuses, what it bounds, and that nothing is lost when it is killed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use durabox_tests::clients::service::Service;
use durabox_tests::handlers::component;
use durabox_tests::request::{Answer, Connection, encoded, request};
use durabox_tests::server::{self as http, Server};
use serde_json::{Value, json};

/// A directory of this test's own, empty.
fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("durabox-serve-{name}-{}", std::process::id()));
    // It may not be there.
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a directory");
    path
}

fn invoke(endpoint: &str, function: &str, kind: &str, name: &str, input: &Value) -> Answer {
    let path = format!("/2015-03-31/functions/{function}/invocations?Qualifier=%24LATEST");
    let headers = [("x-amz-invocation-type", kind), ("x-amz-durable-execution-name", name)];
    request(endpoint, "POST", &path, &headers, input.to_string().as_bytes())
}

fn start(endpoint: &str, function: &str, name: &str, input: &Value) -> String {
    let answer = invoke(endpoint, function, "Event", name, input);
    let arn = answer.header("x-amz-durable-execution-arn").map(str::to_owned);
    arn.unwrap_or_else(|| panic!("{}: {}", answer.status, answer.json()))
}

fn get(endpoint: &str, arn: &str, rest: &str) -> Value {
    request(endpoint, "GET", &format!("/2025-12-01/durable-executions/{}{rest}", encoded(arn)), &[], b"").json()
}

fn events(endpoint: &str, arn: &str) -> Vec<Value> {
    get(endpoint, arn, "/history?MaxItems=1000")["Events"].as_array().expect("events").clone()
}

/// Waits until `is_so`; what never comes ends the test with `what`.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(120);
    while !is_so() {
        assert!(Instant::now() < limit, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// How often the server is killed.
const KILLS: usize = 8;
/// Clients at a time.
const CLIENTS: usize = 4;
/// Executions that a client starts before the next kill, at most.
const STARTS: usize = 10;

/// Starts executions and answers their callbacks, and keeps what was acknowledged.
struct Client {
    number: usize,
    executions: Vec<Started>,
}

/// An execution whose start was acknowledged.
struct Started {
    function: &'static str,
    name: String,
    arn: String,
    /// Answers to its callback, of which one counts: the acknowledged one, or one of those that nobody was told of.
    sent: Vec<String>,
    is_answered: bool,
}

impl Client {
    /// Goes on until the server is gone, which is the error.
    fn work(&mut self, endpoint: &str) -> std::io::Result<()> {
        let mut connection = Connection::open(endpoint)?;
        for _ in 0..STARTS {
            self.start_one(&mut connection)?;
            self.answer_one(&mut connection)?;
        }
        loop {
            self.answer_one(&mut connection)?;
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Starts the next execution; one whose start was not acknowledged is started again by the same name.
    fn start_one(&mut self, connection: &mut Connection) -> std::io::Result<()> {
        let next = self.executions.len();
        let function = if next.is_multiple_of(2) { "wait_for_callback" } else { "step_1_8" };
        let name = format!("client-{}-{next}", self.number);
        let path = format!("/2015-03-31/functions/{function}/invocations?Qualifier=%24LATEST");
        let headers = [("x-amz-invocation-type", "Event"), ("x-amz-durable-execution-name", name.as_str())];
        let answer = connection.request("POST", &path, &headers, b"{}")?;
        let arn = answer.header("x-amz-durable-execution-arn").map(str::to_owned);
        let arn = arn.unwrap_or_else(|| panic!("{name}: {} {}", answer.status, answer.json()));
        self.executions.push(Started { function, name, arn, sent: Vec::new(), is_answered: false });
        Ok(())
    }

    /// Answers the first callback that is open, or only asks whether the server is there.
    fn answer_one(&mut self, connection: &mut Connection) -> std::io::Result<()> {
        let waits = |started: &&mut Started| started.function == "wait_for_callback" && !started.is_answered;
        match self.executions.iter_mut().find(waits) {
            Some(started) => started.answer(connection),
            None => connection.request("GET", "/health", &[], b"").map(drop),
        }
    }
}

impl Started {
    /// Answers the callback if it is open, each time with another result.
    fn answer(&mut self, connection: &mut Connection) -> std::io::Result<()> {
        let path = format!("/2025-12-01/durable-executions/{}/history", encoded(&self.arn));
        let history = connection.request("GET", &path, &[], b"")?.json();
        let events = history["Events"].as_array().map(Vec::as_slice).unwrap_or_default();
        let callback = events.iter().find_map(|event| event["CallbackStartedDetails"]["CallbackId"].as_str());
        let Some(callback) = callback else { return Ok(()) };
        let result = json!(format!("{} {}", self.name, self.sent.len())).to_string();
        self.sent.push(result.clone());
        let path = format!("/2025-12-01/durable-execution-callbacks/{}/succeed", encoded(callback));
        let answer = connection.request("POST", &path, &[], result.as_bytes())?;
        if answer.status == 200 {
            self.sent = vec![result];
        } else {
            // One that was sent before the server was killed has arrived, though nobody was told.
            assert_eq!(answer.header("x-amzn-errortype"), Some("CallbackTimeoutException"), "{}", answer.json());
            self.sent.pop();
            assert!(!self.sent.is_empty(), "{}: a callback that nobody answered takes no answer", self.arn);
        }
        self.is_answered = true;
        Ok(())
    }
}

#[test]
fn a_server_that_is_killed_at_any_moment_loses_nothing_it_acknowledged_and_does_nothing_twice() {
    let seed = std::env::var("DURABOX_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().expect("a number"));
    println!("DURABOX_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let directory = scratch("killed");
    let handlers = ["step_1_8", "wait_for_callback"];
    let mut clients: Vec<Client> = (0..CLIENTS).map(|number| Client { number, executions: Vec::new() }).collect();
    for _ in 0..KILLS {
        let service = Service::start_kept(&directory, &handlers, &[]);
        let endpoint = service.endpoint().to_owned();
        let moment = Duration::from_micros(random.u64(0..600_000));
        println!("killed after {moment:?}");
        std::thread::scope(|scope| {
            for client in &mut clients {
                let endpoint = endpoint.as_str();
                scope.spawn(move || client.work(endpoint).expect_err("it works until the server is gone"));
            }
            std::thread::sleep(moment);
            service.kill();
        });
    }

    let service = Service::start_kept(&directory, &handlers, &[]);
    let endpoint = service.endpoint();
    let mut executions: Vec<Started> = clients.into_iter().flat_map(|client| client.executions).collect();
    assert!(!executions.is_empty(), "no start was acknowledged in {KILLS} lives of the server");
    let mut connection = Connection::open(endpoint).expect("the server is there");
    for started in executions.iter_mut().filter(|started| started.function == "wait_for_callback") {
        let limit = Instant::now() + Duration::from_secs(120);
        while !started.is_answered {
            assert!(Instant::now() < limit, "{}: its callback opens", started.arn);
            started.answer(&mut connection).expect("the server is there");
        }
    }
    for started in &executions {
        let Started { function, name, arn, sent, .. } = started;
        until(arn, || get(endpoint, arn, "")["Status"] == "SUCCEEDED");
        check_history(arn, &events(endpoint, arn), sent);
        // The same name again finds the same execution, also after all those restarts.
        assert_eq!(start(endpoint, function, name, &json!({})), *arn);
    }
}

/// Checks that nothing is missing and nothing was done twice; of the answers `sent` to its callback one counts.
fn check_history(arn: &str, events: &[Value], sent: &[String]) {
    let ids: Vec<u64> = events.iter().map(|event| event["EventId"].as_u64().expect("an id")).collect();
    assert_eq!(ids, (1..=events.len() as u64).collect::<Vec<_>>(), "{arn}: ids without a gap");
    let of = |kind: &'static str| events.iter().filter(move |event| event["EventType"] == kind);
    assert_eq!((of("ExecutionStarted").count(), of("ExecutionSucceeded").count()), (1, 1), "{arn}");
    assert_eq!(of("WaitStarted").count(), of("WaitSucceeded").count(), "{arn}");
    let mut steps: Vec<&str> = of("StepSucceeded").map(|event| event["Id"].as_str().expect("an id")).collect();
    let all = steps.len();
    steps.sort_unstable();
    steps.dedup();
    assert_eq!(steps.len(), all, "{arn}: no step is done twice");
    let results: Vec<&str> = of("CallbackSucceeded")
        .map(|event| event["CallbackSucceededDetails"]["Result"]["Payload"].as_str().expect("a result"))
        .collect();
    assert_eq!(results.len(), usize::from(!sent.is_empty()), "{arn}: a callback is answered once, got {results:?}");
    assert!(results.iter().all(|result| sent.iter().any(|sent| sent == result)), "{arn}: {results:?}, sent {sent:?}");
}

#[test]
fn callbacks_and_invokes_go_on_after_a_restart() {
    let directory = scratch("restart");
    let handlers = ["wait_for_callback", "invoke"];
    // What is invoked waits for two seconds.
    let target = format!("invoke_target={}", component("step_1_8").display());
    let arguments = ["--function", target.as_str()];
    let service = Service::start_kept(&directory, &handlers, &arguments);
    let waiting = start(service.endpoint(), "wait_for_callback", "waiting", &json!({}));
    let open = |endpoint: &str| {
        let events = events(endpoint, &waiting);
        let started = events.iter().find(|event| event["EventType"] == "CallbackStarted")?;
        Some(started["CallbackStartedDetails"]["CallbackId"].as_str()?.to_owned())
    };
    until("a callback is open", || open(service.endpoint()).is_some());
    let invoking = start(service.endpoint(), "invoke", "invoking", &json!(7));
    service.kill();

    let service = Service::start_kept(&directory, &handlers, &arguments);
    let endpoint = service.endpoint();
    let callback = open(endpoint).expect("the callback is open still");
    let path = format!("/2025-12-01/durable-execution-callbacks/{}/succeed", encoded(&callback));
    assert_eq!(request(endpoint, "POST", &path, &[], b"\"yes\"").status, 200);
    assert_eq!(request(endpoint, "POST", &path, &[], b"\"yes\"").status, 400, "answered before");
    until("the one that waited closes", || get(endpoint, &waiting, "")["Status"] == "SUCCEEDED");
    until("the one that invoked closes", || get(endpoint, &invoking, "")["Status"] == "SUCCEEDED");
    assert_eq!(get(endpoint, &invoking, "")["Result"], "\"computed, thank you\"");
    let kinds: Vec<Value> = events(endpoint, &invoking).into_iter().map(|event| event["EventType"].clone()).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "ChainedInvokeStarted").count(), 1, "{kinds:?}");
}

#[test]
fn an_execution_that_is_damaged_keeps_nobody_else_from_going_on() {
    let directory = scratch("damaged");
    let handlers = ["step_1_8"];
    let service = Service::start_kept(&directory, &handlers, &[]);
    let arns = ["damaged", "whole"].map(|name| start(service.endpoint(), "step_1_8", name, &json!({})));
    service.kill();
    let database = rusqlite::Connection::open(directory.join("durabox.db")).expect("the database");
    let damaged = database.execute("UPDATE executions SET saved = '{' WHERE name = 'damaged'", []);
    assert_eq!(damaged, Ok(1));
    drop(database);

    let service = Service::start_kept(&directory, &handlers, &[]);
    until("the whole one closes", || get(service.endpoint(), &arns[1], "")["Status"] == "SUCCEEDED");
    let told = format!("ERROR {} cannot be taken up", arns[0]);
    assert!(service.stderr().contains(&told), "expected {told:?}, got {}", service.stderr());
    let answer = get(service.endpoint(), &arns[0], "");
    assert!(answer["message"].as_str().is_some_and(|message| message.contains("damaged")), "{answer}");
    let path = format!("/2025-12-01/durable-executions/{}", encoded(&arns[0]));
    assert_eq!(request(service.endpoint(), "DELETE", &path, &[], b"").status, 202, "it can be got rid of");
}

#[test]
fn a_year_is_skipped_on_request() {
    let service = Service::start_kept(&scratch("skips"), &["order"], &["--skip-time"]);
    let arn = start(service.endpoint(), "order", "a-year", &json!({"id": "42", "amount": 1299}));
    until("it closes", || get(service.endpoint(), &arn, "")["Status"] == "SUCCEEDED");
    let execution = get(service.endpoint(), &arn, "");
    let took =
        execution["EndTimestamp"].as_f64().expect("an end") - execution["StartTimestamp"].as_f64().expect("a start");
    assert!(took >= 365.0 * 24.0 * 3600.0, "{took} seconds");
}

#[test]
fn functions_elsewhere_are_invoked_and_checkpoint_here() {
    let here = Arc::new(OnceLock::<String>::new());
    let there = Arc::clone(&here);
    // A durable function without an SDK: one step, whose result is its own.
    let elsewhere = Server::start(move |asked| {
        let event: Value = serde_json::from_str(&asked.body).ok()?;
        if asked.path != "/2015-03-31/functions/elsewhere/invocations" {
            let error = json!({"errorType": "Broken", "errorMessage": "out of order"});
            let answer = http::Answer::new(200, error.to_string());
            return Some(answer.with_header("x-amz-function-error", "Unhandled"));
        }
        let arn = event["DurableExecutionArn"].as_str()?;
        let input = event["InitialExecutionState"]["Operations"][0]["ExecutionDetails"]["InputPayload"].clone();
        let step = json!({"Id": "s", "Name": "ask", "Type": "STEP", "Action": "SUCCEED", "Payload": input});
        let checkpoint = json!({"CheckpointToken": event["CheckpointToken"], "Updates": [step]});
        let path = format!("/2025-12-01/durable-executions/{}/checkpoint", encoded(arn));
        let told = request(there.get()?, "POST", &path, &[], checkpoint.to_string().as_bytes());
        let status = if told.status == 200 { "SUCCEEDED" } else { "FAILED" };
        Some(http::Answer::new(200, json!({"Status": status, "Result": input}).to_string()))
    });
    let broken = format!("broken={}", elsewhere.url(""));
    let arguments = ["--lambda-endpoint", &elsewhere.url(""), "--function", "elsewhere", "--function", &broken];
    let service = Service::start_kept(&scratch("elsewhere"), &[], &arguments);
    here.set(service.endpoint().to_owned()).expect("one server");

    let arn = start(service.endpoint(), "elsewhere", "one", &json!({"id": 42}));
    until("it closes", || get(service.endpoint(), &arn, "")["Status"] != "RUNNING");
    let execution = get(service.endpoint(), &arn, "");
    assert_eq!(
        (&execution["Status"], &execution["Result"]),
        (&json!("SUCCEEDED"), &json!(r#"{"id":42}"#)),
        "{execution}"
    );
    let kinds: Vec<Value> = events(service.endpoint(), &arn).iter().map(|event| event["EventType"].clone()).collect();
    assert_eq!(kinds, ["ExecutionStarted", "StepSucceeded", "InvocationCompleted", "ExecutionSucceeded"]);
    let asked = elsewhere.requests();
    assert_eq!(asked[0].header("x-dex-handler-invoke"), Some("true"), "{asked:?}");

    let arn = start(service.endpoint(), "broken", "two", &json!({}));
    until("it closes", || get(service.endpoint(), &arn, "")["Status"] != "RUNNING");
    let execution = get(service.endpoint(), &arn, "");
    assert_eq!(
        (&execution["Status"], &execution["Error"]["ErrorType"]),
        (&json!("FAILED"), &json!("Broken")),
        "{execution}"
    );
}

#[test]
fn strangers_and_web_pages_are_refused() {
    let service = Service::start_kept(&scratch("token"), &["hello_world"], &["--token", "s3cret"]);
    let list = |headers: &[(&str, &str)]| request(service.endpoint(), "GET", "/2015-03-31/functions", headers, b"");
    let refused = list(&[]);
    assert_eq!((refused.status, refused.header("x-amzn-errortype")), (403, Some("AccessDeniedException")));
    assert_eq!(list(&[("authorization", "Bearer s3cret2")]).status, 403);
    assert_eq!(list(&[("authorization", "Bearer s3cret")]).status, 200);
    let signed =
        "AWS4-HMAC-SHA256 Credential=s3cret/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0";
    assert_eq!(list(&[("authorization", signed)]).status, 200);
    let page = list(&[("authorization", "Bearer s3cret"), ("origin", "http://example.com")]);
    assert_eq!(page.status, 403, "{}", page.json());
    assert_eq!(request(service.endpoint(), "GET", "/health", &[], b"").json()["status"], "ok");
}

#[test]
fn one_execution_too_many_is_refused_in_lambdas_words() {
    let handlers = ["create_callback"];
    let service = Service::start_kept(&scratch("bounds"), &handlers, &["--max-open", "1"]);
    start(service.endpoint(), "create_callback", "first", &json!({}));
    let refused = invoke(service.endpoint(), "create_callback", "Event", "second", &json!({}));
    assert_eq!((refused.status, refused.header("x-amzn-errortype")), (429, Some("TooManyRequestsException")));
    assert_eq!(refused.json()["Reason"], "FunctionInvocationRateLimitExceeded");
    assert_eq!(start(service.endpoint(), "create_callback", "first", &json!({})).split('/').count(), 4, "attached");
}

/// The path of an execution that is not there.
const NOBODYS: &str = "/2025-12-01/durable-executions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af%3A1%2Fdurable-execution%2Fn%2Fi";

#[test]
fn what_is_no_request_gets_lambdas_errors() {
    let service = Service::start_kept(&scratch("errors"), &["hello_world"], &[]);
    let ask = |method: &str, path: &str, body: &[u8]| request(service.endpoint(), method, path, &[], body);
    let invocations = "/2015-03-31/functions/hello_world/invocations?Qualifier=%24LATEST";
    for (method, path, body, status, exception) in [
        ("POST", invocations, b"{not json".as_slice(), 400, "InvalidRequestContentException"),
        ("POST", "/2015-03-31/functions/hello_world/invocations", b"1", 400, "InvalidParameterValueException"),
        ("POST", "/2015-03-31/functions/nobody/invocations?Qualifier=1", b"1", 404, "ResourceNotFoundException"),
        ("GET", "/2025-12-01/durable-executions/arn%3Anone", b"", 400, "InvalidParameterValueException"),
        ("GET", NOBODYS, b"", 404, "ResourceNotFoundException"),
        ("POST", "/2025-12-01/durable-executions/arn%3Anone/checkpoint", b"{}", 400, "InvalidParameterValueException"),
        ("POST", "/2025-12-01/durable-execution-callbacks/%3D/succeed", b"1", 400, "InvalidParameterValueException"),
        (
            "GET",
            "/2025-12-01/functions/hello_world/durable-executions?MaxItems=x",
            b"",
            400,
            "InvalidParameterValueException",
        ),
        (
            "GET",
            "/2025-12-01/functions/hello_world/durable-executions?Statuses=DONE",
            b"",
            400,
            "InvalidParameterValueException",
        ),
        (
            "GET",
            "/2025-12-01/functions/hello_world/durable-executions?Marker=18446744073709551615",
            b"",
            400,
            "InvalidParameterValueException",
        ),
        ("GET", "/2015-03-31/functions/%FF", b"", 400, "InvalidParameterValueException"),
        ("GET", "/nothing", b"", 404, "UnknownOperationException"),
        ("POST", "/health", b"", 404, "UnknownOperationException"),
        ("PATCH", "/2015-03-31/functions", b"", 404, "UnknownOperationException"),
    ] {
        let answer = ask(method, path, body);
        let told = (answer.status, answer.header("x-amzn-errortype"));
        assert_eq!(told, (status, Some(exception)), "{method} {path}: {}", answer.json());
        assert!(answer.json()["message"].is_string() && answer.json()["Message"].is_string(), "{method} {path}");
        assert!(answer.header("x-amzn-requestid").is_some(), "{method} {path}");
    }
    let large = ask("POST", invocations, &vec![b'1'; 6 * 1024 * 1024 + 1]);
    assert_eq!((large.status, large.header("x-amzn-errortype")), (413, Some("RequestTooLargeException")));
}

/// Tells a server to end, as Ctrl-C does.
fn signal_end(service: &Service) {
    let told = Command::new("kill").args(["-INT", &service.pid().to_string()]).status().expect("kill starts");
    assert!(told.success());
}

/// Tells a server to end, waits for that, and returns what it told.
fn interrupt(service: &Service) -> String {
    signal_end(service);
    until("it ends", || service.stderr().contains("ended"));
    service.stderr()
}

#[test]
fn one_connection_too_many_waits_for_its_turn() {
    let service = Service::start_kept(&scratch("connections"), &[], &["--empty", "--max-connections", "1"]);
    let mut first = Connection::open(service.endpoint()).expect("a connection");
    assert_eq!(first.request("GET", "/health", &[], b"").expect("an answer").status, 200);
    let (told, second) = mpsc::channel();
    let endpoint = service.endpoint().to_owned();
    thread::spawn(move || told.send(request(&endpoint, "GET", "/health", &[], b"").status));
    let early = second.recv_timeout(Duration::from_millis(300));
    assert_eq!(early, Err(mpsc::RecvTimeoutError::Timeout), "there is no room");
    drop(first);
    assert_eq!(second.recv_timeout(Duration::from_secs(60)), Ok(200));
}

#[test]
fn an_interrupted_server_answers_what_is_under_way_and_ends() {
    let (asked, is_asked) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let here = Arc::new(OnceLock::<String>::new());
    let there = Arc::clone(&here);
    let slow = Server::start(move |invoked| {
        asked.send(()).ok()?;
        may_go_on.lock().ok()?.recv().ok()?;
        // Its checkpoint comes after the interrupt.
        let event: Value = serde_json::from_str(&invoked.body).ok()?;
        let path =
            format!("/2025-12-01/durable-executions/{}/checkpoint", encoded(event["DurableExecutionArn"].as_str()?));
        let checkpoint = json!({"CheckpointToken": event["CheckpointToken"], "Updates": []}).to_string();
        let told = request(there.get()?, "POST", &path, &[], checkpoint.as_bytes()).status;
        Some(http::Answer::new(200, json!({"Status": "SUCCEEDED", "Result": told.to_string()}).to_string()))
    });
    let function = format!("slow={}", slow.url(""));
    let service = Service::start_kept(&scratch("interrupted"), &[], &["--function", &function]);
    let endpoint = service.endpoint().to_owned();
    here.set(endpoint.clone()).expect("one server");
    let caller = thread::spawn(move || invoke(&endpoint, "slow", "RequestResponse", "one", &json!({})));
    is_asked.recv().expect("the function is invoked");
    signal_end(&service);
    until("it takes no new work", || {
        let refused = invoke(service.endpoint(), "slow", "DryRun", "two", &json!({}));
        (refused.status, refused.header("x-amzn-errortype")) == (500, Some("ServiceException"))
    });
    go_on.send(()).expect("the function waits");
    let answer = caller.join().expect("an answer");
    assert_eq!((answer.status, answer.json()), (200, json!(200)));
    until("it ends", || service.stderr().contains("ended"));
}

/// A durable function without an SDK, as a process: says on stderr that it works, and answers when its file is there.
const PATIENT: &str = r#"#!/usr/bin/env python3
import http.client, os, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    event = api.getresponse()
    event.read()
    request = event.headers["Lambda-Runtime-Aws-Request-Id"]
    print("working", file=sys.stderr, flush=True)
    while not os.path.exists(os.environ["GO_ON"]):
        time.sleep(0.01)
    answer = '{"Status": "SUCCEEDED", "Result": "7"}'
    api.request("POST", f"/2018-06-01/runtime/invocation/{request}/response", answer)
    api.getresponse().read()
"#;

/// Makes the directory of a function that [`PATIENT`]ly waits for `go_on`, and a template that names it.
fn patient(directory: &Path, go_on: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let code = directory.join("patient");
    std::fs::create_dir_all(&code).expect("a directory");
    let bootstrap = code.join("bootstrap");
    std::fs::write(&bootstrap, PATIENT).expect("a program");
    std::fs::set_permissions(&bootstrap, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    let template = directory.join("template.yaml");
    let text = json!({"Resources": {"Patient": {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "FunctionName": "patient", "CodeUri": "patient/", "Handler": "bootstrap", "Runtime": "provided.al2023",
            "Timeout": 300, "DurableConfig": {"ExecutionTimeout": 3600},
            "Environment": {"Variables": {"GO_ON": go_on}},
        },
    }}});
    std::fs::write(&template, text.to_string()).expect("a template");
    template
}

#[test]
fn what_an_interrupted_server_leaves_open_goes_on_after_a_restart() {
    let directory = scratch("left-open");
    let go_on = directory.join("go-on");
    let template = patient(&directory, &go_on);
    let arguments = ["--template", template.to_str().expect("a path")];
    let state = directory.join("state");
    let service = Service::start_kept(&state, &[], &arguments);
    let arns = ["a", "b", "c"].map(|name| start(service.endpoint(), "patient", name, &json!({})));
    let endpoint = service.endpoint().to_owned();
    let caller = thread::spawn(move || invoke(&endpoint, "patient", "RequestResponse", "d", &json!({})));
    until("all work", || service.stderr().matches("working").count() == arns.len() + 1);
    let told = interrupt(&service);
    assert!(told.contains("ended; 4 executions open, to go on when it is started again"), "{told}");
    let unanswered = caller.join().expect("an answer");
    assert_eq!((unanswered.status, unanswered.header("x-amzn-errortype")), (500, Some("ServiceException")));

    std::fs::write(&go_on, "").expect("a file");
    let service = Service::start_kept(&state, &[], &arguments);
    for arn in &arns {
        until("it closes", || get(service.endpoint(), arn, "")["Status"] == "SUCCEEDED");
        let kinds: Vec<Value> =
            events(service.endpoint(), arn).iter().map(|event| event["EventType"].clone()).collect();
        let expected = ["ExecutionStarted", "InvocationCompleted", "InvocationCompleted", "ExecutionSucceeded"];
        assert_eq!(kinds, expected, "the invocation that was cut off is made again, once");
    }
}

#[test]
fn executions_wait_for_their_turn_while_all_processes_of_a_function_are_busy() {
    let directory = scratch("in-turn");
    let go_on = directory.join("go-on");
    let template = patient(&directory, &go_on);
    let hello = format!("hello_world={}", component("hello_world").display());
    let arguments = ["--template", template.to_str().expect("a path"), "--function", &hello, "--max-concurrency", "22"];
    let service = Service::start_kept(&directory.join("state"), &[], &arguments);
    let working = || service.stderr().matches("working").count();
    let start = |number| start(service.endpoint(), "patient", &format!("n{number}"), &json!({}));
    let mut arns: Vec<String> = (0..20).map(start).collect();
    until("as many as may be work", || working() == 20);
    arns.push(start(20));
    let stopped = start(21);
    let greeted = invoke(service.endpoint(), "hello_world", "RequestResponse", "ada", &json!({"name": "Ada"}));
    assert_eq!((greeted.status, greeted.json()), (200, json!("Hello, Ada!")), "those that wait are in nobody's way");
    let path = format!("/2025-12-01/durable-executions/{}/stop", encoded(&stopped));
    assert_eq!(request(service.endpoint(), "POST", &path, &[], b"").status, 200);
    assert_eq!(working(), 20);
    std::fs::write(&go_on, "").expect("a file");
    for arn in &arns {
        until("it closes", || get(service.endpoint(), arn, "")["Status"] != "RUNNING");
        let execution = get(service.endpoint(), arn, "");
        assert_eq!(execution["Status"], "SUCCEEDED", "{execution}");
        let ends = events(service.endpoint(), arn);
        let ends = ends.iter().filter(|event| event["EventType"] == "InvocationCompleted");
        assert_eq!(ends.count(), 1, "nothing is invoked that has no process");
    }
    let last = invoke(service.endpoint(), "patient", "RequestResponse", "last", &json!({}));
    assert_eq!(last.json(), json!(7));
    assert_eq!(working(), 22, "what was stopped while it waited is not invoked");
}
