//! The cloud runner against `durabox serve`: the failures that people meet, provoked for real. What they
//! read of each is a snapshot.

use std::time::Duration;

use durabox::{CloudRunner, RunError, TestResult, block_on};
use durabox_tests::clients::service::Service;
use durabox_tests::directory::Directory;
use durabox_tests::handlers::cargo;
use serde_json::{Value, json};

fn runner(service: &Service, function: &str) -> CloudRunner {
    CloudRunner::new(function)
        .with_region("us-east-1")
        .with_endpoint(service.endpoint())
        .with_poll_interval(Duration::from_millis(5))
}

fn run(runner: &CloudRunner, input: &Value) -> Result<TestResult, RunError> {
    block_on(runner.run(input).into_future()).expect("a runtime")
}

/// Returns a text without what differs from run to run: the endpoint, times and the ids of executions.
fn settled(text: &str, service: &Service) -> String {
    let text = text.replace(service.endpoint(), "ENDPOINT");
    let ids = regex::Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").expect("a pattern");
    let times = regex::Regex::new(r"elapsed: [0-9.]+s|[0-9.]+m?s ago").expect("a pattern");
    times.replace_all(&ids.replace_all(&text, "ID"), "TIME").into_owned()
}

/// Returns what a person reads of the run of a function that does not come to a result.
fn said(service: &Service, runner: &CloudRunner) -> String {
    let error = run(runner, &json!({})).expect_err("it fails");
    settled(&format!("{error:?}"), service)
}

#[test]
fn a_wrong_name_and_one_without_a_qualifier_are_told_with_their_cures() {
    let directory = Directory::new();
    let service = Service::start_kept(directory.path(), &["typed_error"], &[]);
    insta::assert_snapshot!("wrong_name", said(&service, &runner(&service, "typed_eror:$LATEST")));
    insta::assert_snapshot!("no_qualifier", said(&service, &runner(&service, "typed_error")));
}

#[test]
fn a_function_that_is_not_durable_has_no_execution() {
    const TEMPLATE: &str = "\
Resources:
  Plain:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: plain}
    Metadata: {Durabox: {Command: [sleep, '60']}}
";
    let directory = Directory::new();
    let template = directory.path().join("template.yaml");
    std::fs::write(&template, TEMPLATE).expect("a file");
    let template = template.display().to_string();
    let service = Service::start_kept(&directory.path().join("state"), &[], &["--template", &template]);
    insta::assert_snapshot!("not_durable", said(&service, &runner(&service, "plain:$LATEST")));
}

#[test]
fn a_function_that_throws_is_a_result_that_says_so() {
    let directory = Directory::new();
    let service = Service::start_kept(directory.path(), &["invoke_target_error"], &["--skip-time"]);
    let failed = run(&runner(&service, "invoke_target_error:$LATEST"), &json!({})).expect("a result");
    let text = failed.output::<Value>().expect_err("no output").to_string();
    insta::assert_snapshot!("throws", settled(&text, &service));
}

#[test]
fn a_function_that_hangs_is_told_with_where_it_stands() {
    let directory = Directory::new();
    let service = Service::start_kept(directory.path(), &["create_callback"], &[]);
    let patient = runner(&service, "create_callback:$LATEST").with_timeout(Duration::from_millis(900));
    insta::assert_snapshot!("hangs", said(&service, &patient));
}

/// Runs a test of `host/tests/modes.rs` in cloud mode, and returns what Cargo printed of its failure.
fn printed(service: &Service, environment: &[(&str, &str)]) -> String {
    let mut command = cargo(&["test", "--release", "--test", "modes", "says_hello"]);
    for variable in ["AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        command.env_remove(variable);
    }
    command.env("DURABOX_RUNNER_MODE", "cloud").env("LAMBDA_FUNCTION_TEST_NAME", "hello world");
    command.env("QUALIFIED_FUNCTION_NAME", "hello_world:$LATEST").env("RUST_BACKTRACE", "0");
    let output = command.envs(environment.iter().copied()).output().expect("cargo starts");
    assert!(!output.status.success(), "it fails");
    let text = String::from_utf8_lossy(&output.stdout);
    let failure = text.lines().skip_while(|line| !line.starts_with("Failed to")).take_while(|line| !line.is_empty());
    let failure: Vec<&str> = failure.filter(|line| !line.starts_with("note: ")).collect();
    assert!(!failure.is_empty(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    settled(&failure.join("\n"), service)
}

#[test]
fn credentials_regions_and_endpoints_that_are_missing_or_wrong_are_told_apart() {
    let directory = Directory::new();
    let service = Service::start_kept(directory.path(), &["hello_world"], &["--token", "secret"]);
    let others = [("AWS_ACCESS_KEY_ID", "other"), ("AWS_SECRET_ACCESS_KEY", "other")];
    let no_permission = [&others[..], &[("LAMBDA_ENDPOINT", service.endpoint())]].concat();
    insta::assert_snapshot!("no_permission", printed(&service, &no_permission));

    let nowhere = directory.path().join("nothing");
    let nowhere = nowhere.to_str().expect("a path");
    let no_credentials = [
        ("LAMBDA_ENDPOINT", service.endpoint()),
        ("AWS_PROFILE", "nobody"),
        ("AWS_CONFIG_FILE", nowhere),
        ("AWS_SHARED_CREDENTIALS_FILE", nowhere),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    insta::assert_snapshot!("no_credentials", printed(&service, &no_credentials));

    // The region is the default then, and what is asked there is refused here.
    let no_region =
        [&others[..], &[("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:9"), ("LAMBDA_ENDPOINT", "")]].concat();
    insta::assert_snapshot!("no_region", printed(&service, &no_region));

    let nothing_listens = [&others[..], &[("LAMBDA_ENDPOINT", "http://127.0.0.1:9")]].concat();
    insta::assert_snapshot!("nothing_listens", printed(&service, &nothing_listens));
}
