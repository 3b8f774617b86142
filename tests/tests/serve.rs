//! `durabox serve` by itself: what it refuses, what it bounds, and that nothing is lost when it is killed.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use durabox_tests::clients::service::Service;
use durabox_tests::handlers::component;
use durabox_tests::request::{Answer, request};
use serde_json::{Value, json};

/// A directory of this test's own, empty.
fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("durabox-serve-{name}-{}", std::process::id()));
    // It may not be there.
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a directory");
    path
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
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

#[test]
fn a_server_that_is_killed_again_and_again_loses_nothing_and_does_nothing_twice() {
    let directory = scratch("killed");
    let handlers = ["step_1_8"];
    let mut service = Service::start_kept(&directory, &handlers, &[]);
    let mut executions = Vec::new();
    for round in 0..4 {
        for number in 0..5 {
            let name = format!("round-{round}-{number}");
            executions.push(start(service.endpoint(), "step_1_8", &name, &json!({})));
        }
        // Killed while steps run, while waits wait, and just after a start.
        std::thread::sleep(Duration::from_millis(150 * round));
        service.kill();
        service = Service::start_kept(&directory, &handlers, &[]);
    }
    let endpoint = service.endpoint().to_owned();
    for arn in &executions {
        until(arn, || get(&endpoint, arn, "")["Status"] == "SUCCEEDED");
        let events = events(&endpoint, arn);
        let ids: Vec<u64> = events.iter().map(|event| event["EventId"].as_u64().expect("an id")).collect();
        assert_eq!(ids, (1..=events.len() as u64).collect::<Vec<_>>(), "{arn}: ids without a gap");
        let of = |kind: &str| events.iter().filter(|event| event["EventType"] == kind).count();
        assert_eq!((of("ExecutionStarted"), of("ExecutionSucceeded")), (1, 1), "{arn}");
        assert_eq!(of("WaitStarted"), of("WaitSucceeded"), "{arn}");
        let mut steps: Vec<&str> = events
            .iter()
            .filter(|event| event["EventType"] == "StepSucceeded")
            .map(|event| event["Id"].as_str().expect("an id"))
            .collect();
        let all = steps.len();
        steps.sort_unstable();
        steps.dedup();
        assert_eq!(steps.len(), all, "{arn}: no step is done twice");
    }
    // The same names again find the same executions, also after all those restarts.
    assert_eq!(start(&endpoint, "step_1_8", "round-0-0", &json!({})), executions[0]);
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
        ("GET", "/nothing", b"", 404, "UnknownOperationException"),
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
