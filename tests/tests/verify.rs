//! `durabox verify` against `durabox serve`: what is equal, what differs, and what cannot be compared.

use std::path::PathBuf;
use std::process::Command;

use durabox_tests::clients::service::{Service, durabox};
use durabox_tests::directory::Directory;
use durabox_tests::handlers::{component, workspace};
use regex::Regex;
use serde_json::Value;

const NAME: &str = r#"{"name":"Ada"}"#;
const ORDER: &str = r#"{"id":"42","amount":1299}"#;

struct Printed {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(mut command: Command) -> Printed {
    for variable in ["QUALIFIED_FUNCTION_NAME", "LAMBDA_FUNCTION_TEST_NAME", "LAMBDA_ENDPOINT", "AWS_REGION"] {
        command.env_remove(variable);
    }
    let output = command.output().expect("the command starts");
    Printed {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Compares one execution of a handler with that of the function of the same name.
fn verify(handler: &str, input: &str, endpoint: &str, more: &[&str]) -> Printed {
    let mut command = Command::new(durabox());
    command.arg("verify").arg(component(handler)).args(["--input", input, "--endpoint", endpoint]);
    command.args(["--function-name", &format!("{handler}:$LATEST")]).args(more).current_dir(workspace());
    run(command)
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Expects XML of which every element is closed, and returns the names of its elements.
fn elements(xml: &str) -> Vec<String> {
    let tag = Regex::new(r#"<(/?)([a-z]+)(?: [a-z]+="[^"<]*")*(/?)>"#).expect("a pattern");
    let body = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").expect("a declaration");
    let (mut open, mut names) = (Vec::new(), Vec::new());
    for found in tag.captures_iter(body) {
        let name = found[2].to_owned();
        match (&found[1], &found[3]) {
            ("/", _) => assert_eq!(open.pop(), Some(name), "{xml}"),
            (_, "/") => names.push(name),
            _ => {
                open.push(name.clone());
                names.push(name);
            }
        }
    }
    assert!(open.is_empty(), "{open:?} is not closed:\n{xml}");
    let text = tag.replace_all(body, "");
    assert!(!text.contains('<'), "a tag is none:\n{xml}");
    names
}

#[test]
fn what_is_deployed_and_does_the_same_is_equal() {
    let state = Directory::new();
    let service = Service::start_kept(state.path(), &["hello_world", "order"], &["--skip-time"]);
    let printed = verify("hello_world", NAME, service.endpoint(), &[]);
    assert_eq!(printed.code, Some(0), "{}{}", printed.out, printed.err);
    let first = words(printed.out.lines().next().unwrap_or_default());
    assert!(first.starts_with("ok hello_world SUCCEEDED 1 operation artifact unknown ("), "{}", printed.out);
    let summary = "1 execution compared: 1 equal, 0 different; 0 failed, 0 skipped";
    assert_eq!(printed.out.lines().last(), Some(summary));

    let junit = state.path().join("order.xml");
    let more = ["--json", "--strict", "--junit", junit.to_str().expect("a path")];
    let printed = verify("order", ORDER, service.endpoint(), &more);
    assert_eq!(printed.code, Some(0), "{}{}", printed.out, printed.err);
    let document: Value = serde_json::from_str(&printed.out).expect("one JSON document");
    assert_eq!(document["equal"], true);
    let run = &document["runs"][0];
    assert_eq!((run["outcome"].as_str(), run["firstDifference"].is_null()), (Some("equal"), true), "{run}");
    let operations = |side: &str| run[side]["operations"].as_array().map(Vec::len);
    assert_eq!((operations("local"), operations("cloud")), (Some(4), Some(4)));
    assert_eq!(run["local"]["artifact"]["sha256"].as_str().map(str::len), Some(64));
    let xml = std::fs::read_to_string(&junit).expect("the file");
    assert_eq!(elements(&xml), ["testsuites", "testsuite", "testcase"]);
}

#[test]
fn another_handler_under_the_same_name_differs_and_is_shown_with_both_sides() {
    let state = Directory::new();
    let other = format!("hello_world={}", component("order").display());
    let service = Service::start_kept(state.path(), &[], &["--skip-time", "--function", &other]);
    let junit = state.path().join("hello.xml");
    let more = ["--junit", junit.to_str().expect("a path")];
    let printed = verify("hello_world", NAME, service.endpoint(), &more);
    assert_eq!(printed.code, Some(8), "{}{}", printed.out, printed.err);
    let lines: Vec<String> = printed.out.lines().map(words).collect();
    assert_eq!(lines[0], "differs hello_world first in: status");
    for line in ["status SUCCEEDED FAILED differs", "operations 1 operation 0 operations differs"] {
        assert!(lines.iter().any(|found| found == line), "{line:?} is not in:\n{}", printed.out);
    }
    assert!(printed.out.contains("first difference of the history"), "{}", printed.out);
    let xml = std::fs::read_to_string(&junit).expect("the file");
    assert_eq!(elements(&xml), ["testsuites", "testsuite", "testcase", "failure"]);
    assert!(xml.contains("message=\"differs first in: status\""), "{xml}");

    let printed = verify("hello_world", NAME, service.endpoint(), &["--json"]);
    assert_eq!(printed.code, Some(8), "{}{}", printed.out, printed.err);
    let document: Value = serde_json::from_str(&printed.out).expect("one JSON document");
    let first = &document["runs"][0]["firstDifference"];
    assert_eq!(
        (first["local"][0].as_str(), first["cloud"][0].as_str()),
        (Some("SUCCEEDED"), Some("FAILED")),
        "{first}"
    );
}

#[test]
fn the_tests_of_a_project_are_compared_execution_by_execution() {
    let state = Directory::new();
    let service = Service::start_kept(state.path(), &["hello_world"], &[]);
    let mut command = Command::new(durabox());
    command.args(["verify", "-k", "says_hello", "-k", "a_year_passes", "--json", "--endpoint", service.endpoint()]);
    command.args(["--", "--release", "--test", "modes"]).current_dir(workspace()).env("CARGO", env!("CARGO"));
    command.env("DURABOX_FUNCTION_NAME_MAP", r#"{"hello world": "hello_world:$LATEST"}"#);
    let printed = run(command);
    assert_eq!(printed.code, Some(0), "{}{}", printed.out, printed.err);
    let document: Value = serde_json::from_str(&printed.out).expect("one JSON document");
    let runs: Vec<(&str, &str)> = document["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .filter_map(|run| Some((run["test"].as_str()?, run["outcome"].as_str()?)))
        .collect();
    assert_eq!(runs, [("a_year_passes", "skipped"), ("says_hello", "equal")]);
    let reason = "in the cloud: it takes a LocalRunner, for what only local mode has";
    assert_eq!(document["runs"][0]["reason"], reason);
    assert_eq!(document["runs"][1]["cloud"]["function"], "hello_world:$LATEST");
}

#[test]
fn tests_that_run_in_one_mode_only_are_no_success() {
    let state = Directory::new();
    let service = Service::start_kept(state.path(), &["hello_world"], &[]);
    let mut command = Command::new(durabox());
    command.args(["verify", "-k", "a_year_passes", "--endpoint", service.endpoint(), "--", "--release"]);
    command.args(["--test", "modes"]).current_dir(workspace()).env("CARGO", env!("CARGO"));
    command.env("DURABOX_FUNCTION_NAME_MAP", r#"{"hello world": "hello_world:$LATEST"}"#);
    let printed = run(command);
    assert_eq!(printed.code, Some(2), "{}{}", printed.out, printed.err);
    assert!(printed.err.contains("error: nothing was compared: no test has run in both modes"), "{}", printed.err);
}

#[test]
fn nothing_that_listens_is_told_with_the_endpoint() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let printed = verify("hello_world", NAME, &format!("http://{free}"), &[]);
    assert_eq!(printed.code, Some(2), "{}{}", printed.out, printed.err);
    assert!(printed.err.contains("error: Failed to invoke Lambda function hello_world:$LATEST: "), "{}", printed.err);
    assert!(printed.err.contains(&format!("http://{free} (--endpoint) was asked")), "{}", printed.err);
}

#[test]
fn an_artifact_that_is_not_there_is_told_before_the_cloud_is_asked() {
    let mut command = Command::new(durabox());
    let missing = PathBuf::from("no/such.wasm");
    command.arg("verify").arg(&missing).args(["--input", "{}", "--function-name", "f:1"]).current_dir(workspace());
    let printed = run(command);
    assert_eq!(printed.code, Some(5), "{}{}", printed.out, printed.err);
    assert!(printed.err.contains("no/such.wasm"), "{}", printed.err);
}
