//! Steps that ask other services: real HTTP, to servers of this process.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use durabox::runtime::local::{Run, RunOptions};
use durabox::runtime::model::ExecutionStatus::{Failed, Succeeded};
use durabox::runtime::verify::Verdict;
use durabox_tests::handlers::run_with;
use durabox_tests::server::{Answer, Server};
use serde_json::{Value, json};

fn ask(name: &str, input: &Value, hosts: &[&str]) -> Run {
    let allowed_hosts = hosts.iter().map(|host| host.parse().expect("a host")).collect();
    run_with(name, &input.to_string(), RunOptions { allowed_hosts, ..RunOptions::default() })
}

/// Returns the result of an execution that succeeded and whose replay asked nobody.
fn result(run: &Run) -> Value {
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
    assert_eq!(run.shadow.as_ref().expect("a shadow replay").verdict, Verdict::Follows);
    serde_json::from_str(run.execution.result().expect("a result")).expect("JSON")
}

fn refused(run: &Run, words: &[&str]) {
    failed(run, "Sandbox.Refused", words);
    assert_eq!(run.invocations.len(), 1, "no retry would make it right");
}

fn failed(run: &Run, error_type: &str, words: &[&str]) {
    assert_eq!(run.execution.status(), Failed, "{:?}", run.execution.result());
    let error = run.execution.error().expect("a failed execution has an error");
    assert_eq!(error.error_type.as_deref(), Some(error_type), "{error:?}");
    let message = error.error_message.as_deref().unwrap_or_default();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
}

/// Returns a server that never answers, and what ends its waiting when it is dropped.
fn silent() -> (Server, Sender<()>) {
    let (end, ended) = channel();
    let ended = Mutex::new(ended);
    let server = Server::start(move |_| {
        // Ends with an error when the test does.
        let _ = ended.lock().expect("one request").recv();
        None
    });
    (server, end)
}

#[test]
fn a_step_asks_an_allowed_host_once_and_its_replay_does_not() {
    let server = Server::start(|request| Some(Answer::new(200, format!("{} {}", request.method, request.path))));
    let run = ask("http_request", &json!({"url": server.url("/rate?of=eur")}), &[&server.authority()]);
    assert_eq!(result(&run), json!({"status": 200, "location": null, "body": "GET /rate?of=eur"}));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("host"), Some(server.authority().as_str()));
    assert_eq!(requests[0].header("x-asked-by"), Some("durabox"));
}

#[test]
fn a_body_arrives_whole() {
    let server = Server::start(|request| Some(Answer::new(201, request.body.clone())));
    let post = |rest: Value| {
        let mut input = json!({"url": server.url("/"), "method": "POST"});
        input.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
        result(&ask("http_request", &input, &["127.0.0.1"]))
    };
    assert_eq!(post(json!({"body": "grüße"}))["body"], json!("\"grüße\""));
    // More than fits into any buffer on the way, there and back; a step's result takes 1 MiB.
    let large = 900_000;
    assert_eq!(post(json!({"size": large}))["body"], json!("x".repeat(large)));
    let requests = server.requests();
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
    assert_eq!(requests[1].header("content-length"), Some("900000"));
}

#[test]
fn an_error_status_and_a_redirect_are_answers() {
    let server = Server::start(|request| match request.path.as_str() {
        "/gone" => Some(Answer::new(410, "gone")),
        _ => Some(Answer::new(302, "").with_header("location", "http://elsewhere.test/")),
    });
    let at = |path: &str| result(&ask("http_request", &json!({"url": server.url(path)}), &["127.0.0.1"]));
    assert_eq!(at("/gone"), json!({"status": 410, "location": null, "body": "gone"}));
    assert_eq!(at("/moved"), json!({"status": 302, "location": "http://elsewhere.test/", "body": ""}));
}

#[test]
fn requests_of_parallel_steps_overlap_and_other_branches_go_on() {
    let (answered, wait): (Sender<()>, Receiver<()>) = channel();
    let (answered, wait) = (Mutex::new(answered), Mutex::new(wait));
    // A handler that waited for one answer before it asked for the other would wait for ever.
    let server = Server::start(move |request| {
        match request.path.as_str() {
            "/first" => wait.lock().expect("one request").recv().expect("the second was asked for"),
            _ => answered.lock().expect("one request").send(()).expect("the first is asked for"),
        }
        Some(Answer::new(200, request.path.clone()))
    });
    let run = ask("http_overlap", &json!(server.url("")), &["127.0.0.1"]);
    let order = result(&run);
    assert!(order == json!(["/second", "/first"]) || order == json!(["/first", "/second"]), "{order}");
    assert_eq!(server.requests().len(), 2);
    assert_eq!(run.invocations.len(), 1, "nothing suspends while a body waits");
}

#[test]
fn virtual_time_does_not_jump_while_a_request_is_under_way() {
    let server = Server::start(|_| Some(Answer::new(200, "answered")));
    let timeout = std::time::Duration::from_secs(2 * 3600);
    let allowed_hosts = vec!["127.0.0.1".parse().expect("a host")];
    let options = RunOptions { timeout, allowed_hosts, ..RunOptions::default() };
    let run = run_with("http_beside_sleep", &json!(server.url("/")).to_string(), options);
    assert_eq!(result(&run), json!([["answered", "slept"], 3600]));
    let execution = &run.execution;
    assert_eq!(execution.end_timestamp().expect("an end").since(execution.start_timestamp()).as_secs(), 3600);
}

#[test]
fn a_sleep_limits_a_request_that_is_never_answered() {
    let (server, _end) = silent();
    assert_eq!(result(&ask("http_race", &json!(server.url("/")), &["127.0.0.1"])), json!("the sleep"));
}

#[test]
fn a_request_that_takes_too_long_fails_its_step() {
    let (server, _end) = silent();
    let run = ask("http_request", &json!({"url": server.url("/"), "timeout_ms": 50}), &["127.0.0.1"]);
    failed(&run, "Error", &["GET http://127.0.0.1", "within the time allowed"]);
}

#[test]
fn a_request_without_a_timeout_ends_before_its_invocation() {
    let (server, _end) = silent();
    let options = RunOptions {
        timeout: std::time::Duration::from_secs(1),
        allowed_hosts: vec!["*".parse().expect("a host")],
        ..RunOptions::default()
    };
    let run = run_with("http_request", &json!({"url": server.url("/")}).to_string(), options);
    failed(&run, "Error", &["within the time allowed"]);
    assert!(run.invocations.iter().all(|invocation| invocation.crash.is_none()));
}

#[test]
fn a_server_that_is_not_there_fails_the_step_with_the_reason() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let run = ask("http_request", &json!({"url": format!("http://{closed}/")}), &["*"]);
    failed(&run, "Error", &["the connection was refused"]);
    let server = Server::start(|_| None);
    let run = ask("http_request", &json!({"url": server.url("/")}), &["*"]);
    failed(&run, "Error", &["closed before the answer was whole"]);
    let run = ask("http_request", &json!({"url": "http://no-such-host.invalid/"}), &["*"]);
    failed(&run, "Error", &["the host was not found"]);
}

#[test]
fn a_request_that_is_none_fails_the_step_with_the_reason() {
    for (url, word) in [("/rate", "absolute"), ("ftp://a.test/", "ftp"), ("http://a b/", "not a URL")] {
        failed(&ask("http_request", &json!({"url": url}), &["*"]), "Error", &[url, word]);
    }
}

#[test]
fn a_client_that_is_not_ours_works_too() {
    let server = Server::start(|_| Some(Answer::new(200, "hello")));
    assert_eq!(result(&ask("http_blocking", &json!(server.url("/")), &["127.0.0.1"])), json!("hello"));
}

#[test]
fn a_host_that_is_not_allowed_is_refused_with_the_step_the_list_and_the_way() {
    let server = Server::start(|_| Some(Answer::new(200, "")));
    let host = server.authority();
    let input = json!({"url": server.url("/")});
    let step = ["`ask`", "http_request.rs:", host.as_str()];
    refused(&ask("http_request", &input, &[]), &[&step[..], &["no hosts", "--allow-host 127.0.0.1"]].concat());
    let allowed = ["api.example.com", "*.internal:8080"];
    let words = ["only `api.example.com`, `*.internal:8080`", "with_allowed_host(\"127.0.0.1\")"];
    refused(&ask("http_request", &input, &allowed), &[&step[..], &words].concat());
    refused(&ask("http_request", &input, &["127.0.0.1:1"]), &["127.0.0.1:1"]);
    assert_eq!(server.requests(), [], "nobody was asked");
}

#[test]
fn a_request_between_operations_is_refused_with_the_place_and_the_way() {
    let server = Server::start(|_| Some(Answer::new(200, "")));
    let run = ask("http_outside_step", &json!(server.url("/")), &["*"]);
    refused(&run, &["outside any step", "`prepare`", "http_outside_step.rs:", &server.authority(), "ctx.step"]);
    assert_eq!(server.requests(), [], "nobody was asked");
}

#[test]
fn an_answer_that_is_carried_out_of_its_step_cannot_be_read() {
    let server = Server::start(|_| Some(Answer::new(200, "carried")));
    let run = ask("http_carried_out", &json!(server.url("/")), &["*"]);
    refused(&run, &["the answer to a request", "outside any step", "ctx.step"]);
}
