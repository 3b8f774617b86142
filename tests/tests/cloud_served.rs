//! The cloud runner against `durabox serve`: the failures that people meet, provoked for real.

use std::time::Duration;

use durabox::{CloudRunner, DurableRunner, ExecutionStatus, RunError, TestResult, block_on};
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

fn run(runner: &DurableRunner, input: &Value) -> Result<TestResult, RunError> {
    block_on(runner.run(input).into_future()).expect("a runtime")
}

#[test]
fn the_failures_that_people_meet_are_told_with_their_cures() {
    let directory = Directory::new();
    let service = Service::start_kept(directory.path(), &["typed_error", "create_callback"], &[]);
    let said = |function: &str| {
        let error = run(&runner(&service, function).into(), &json!({})).expect_err("it fails");
        format!("{error:?}").replace(service.endpoint(), "ENDPOINT")
    };
    let wrong_name = said("typed_eror:$LATEST");
    for words in [
        "Failed to invoke Lambda function typed_eror:$LATEST: ResourceNotFoundException: Function not found: ",
        "hint: is `typed_eror:$LATEST` deployed, with that version or alias, in that account? ENDPOINT (LAMBDA_ENDPOINT)",
    ] {
        assert!(wrong_name.contains(words), "{words:?} is not in:\n{wrong_name}");
    }
    let unqualified = said("typed_error");
    assert!(
        unqualified.contains("InvalidParameterValueException: You cannot invoke a durable function"),
        "{unqualified}"
    );
    assert!(
        unqualified.contains("hint: a durable function is invoked with a version or an alias: typed_error:$LATEST")
    );

    let failed = run(&runner(&service, "typed_error:$LATEST").into(), &json!({})).expect("a result");
    assert_eq!(failed.status(), ExecutionStatus::Failed);
    let text = failed.output::<Value>().expect_err("no output").to_string();
    assert!(text.starts_with("the execution ended FAILED: Lambda function failed: "), "{text}");

    let slow = runner(&service, "create_callback:$LATEST").with_timeout(Duration::from_millis(700));
    let hung = format!("{:?}", run(&slow.into(), &json!({})).expect_err("nobody answers"));
    assert!(hung.starts_with("Execution did not complete within 0.7s (elapsed: "), "{hung}");
    assert!(hung.contains("last status: RUNNING, last event: "), "{hung}");
    assert!(hung.contains("hint: aws logs tail /aws/lambda/create_callback "), "{hung}");
}

/// Runs the tests of `host/tests/modes.rs` in cloud mode, and returns what was printed.
fn printed(environment: &[(&str, &str)]) -> String {
    let mut command = cargo(&["test", "--release", "--test", "modes", "says_hello"]);
    command.env("DURABOX_RUNNER_MODE", "cloud").env("LAMBDA_FUNCTION_TEST_NAME", "hello world");
    command.env("QUALIFIED_FUNCTION_NAME", "hello_world:$LATEST").envs(environment.iter().copied());
    let output = command.output().expect("cargo starts");
    assert!(!output.status.success(), "it fails");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn credentials_that_are_not_there_or_not_good_are_told_apart() {
    let directory = Directory::new();
    let service = Service::start_kept(directory.path(), &["hello_world"], &["--token", "secret"]);
    let refused = printed(&[
        ("LAMBDA_ENDPOINT", service.endpoint()),
        ("AWS_ACCESS_KEY_ID", "other"),
        ("AWS_SECRET_ACCESS_KEY", "other"),
    ]);
    assert!(
        refused.contains("Failed to invoke Lambda function hello_world:$LATEST: AccessDeniedException: "),
        "{refused}"
    );
    assert!(refused.contains("hint: allow lambda:InvokeFunction to these credentials"), "{refused}");
    let nowhere = directory.path().join("nothing");
    let nowhere = nowhere.to_str().expect("a path");
    let missing = printed(&[
        ("LAMBDA_ENDPOINT", service.endpoint()),
        ("AWS_PROFILE", "nobody"),
        ("AWS_CONFIG_FILE", nowhere),
        ("AWS_SHARED_CREDENTIALS_FILE", nowhere),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    assert!(missing.contains("hint: no AWS credentials were found"), "{missing}");
}
