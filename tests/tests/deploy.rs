//! From the tested artifact to Lambda: packaged and deployed with `durabox deploy`, run by its own
//! bootstrap, and compared with local runs of the same bytes.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use durabox::cloud::{CloudSettings, Lambda};
use durabox::golden::signature;
use durabox::{CloudRunner, DurableRunner, LocalRunner, RunError, TestResult, block_on};
use durabox_tests::clients::service::{Service, durabox};
use durabox_tests::directory::Directory;
use durabox_tests::handlers::{artifact, component, examples};
use serde_json::{Value, json};

/// Inputs of the examples that take another than `{}`.
fn input(example: &str) -> Value {
    match example {
        "order" => json!({ "id": "42", "amount": 1299 }),
        "hello_world" => json!({ "name": "Ada" }),
        _ => json!({}),
    }
}

fn run(runner: &DurableRunner, input: &Value) -> Result<TestResult, RunError> {
    block_on(runner.run(input).into_future()).expect("a runtime")
}

fn local(example: &str) -> TestResult {
    let runner = LocalRunner::from_artifact(component(example)).into();
    run(&runner, &input(example)).unwrap_or_else(|error| panic!("{example}: {error:?}"))
}

/// Returns the examples that end without anybody outside, and how they end locally.
fn ending_by_themselves() -> Vec<(String, TestResult)> {
    let ran = examples().into_iter().map(|name| (name.clone(), local(&name)));
    ran.filter(|(_, result)| result.status().is_terminal()).collect()
}

/// Returns a history's lines operation by operation: branches may interleave otherwise.
fn by_operation(result: &TestResult) -> Vec<String> {
    let text = signature(result);
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("InvocationCompleted")).collect();
    lines.sort_by_key(|line| line.split('\t').nth(1).unwrap_or_default().to_owned());
    lines.into_iter().map(str::to_owned).collect()
}

/// What a command printed, and how it ended.
struct Printed {
    out: String,
    err: String,
    code: Option<i32>,
}

fn command(directory: &Path, service: &Service, arguments: &[&str]) -> Printed {
    let mut command = Command::new(durabox());
    command.args(arguments).current_dir(directory).env("LAMBDA_ENDPOINT", service.endpoint());
    let output = command.env_remove("AWS_REGION").env_remove("DURABOX_ROLE").output().expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Printed { out: text(output.stdout), err: text(output.stderr), code: output.status.code() }
}

/// Deploys components, each under the name of its file; `options` come after them.
fn deploy(directory: &Directory, service: &Service, handlers: &[&str], options: &[&str]) -> Printed {
    let program = directory.path().join("bootstrap");
    std::fs::write(&program, durabox_tests::lambda_service::program()).expect("a file");
    let paths: Vec<_> = handlers.iter().map(|name| component(name).display().to_string()).collect();
    let program = program.display().to_string();
    let mut arguments = vec!["deploy", "--bootstrap", &program];
    arguments.extend(paths.iter().map(String::as_str));
    arguments.extend(options);
    command(directory.path(), service, &arguments)
}

#[test]
fn every_example_that_ends_by_itself_behaves_deployed_as_it_does_locally() {
    let local = ending_by_themselves();
    assert!(local.len() >= 25, "{} end by themselves", local.len());
    let directory = Directory::new();
    let service = Service::start_kept(&directory.path().join("state"), &[], &["--empty", "--skip-time"]);
    // All of them: some invoke others.
    let all = examples();
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    let deployed = deploy(&directory, &service, &names, &[]);
    assert_eq!(deployed.code, Some(0), "{}{}", deployed.out, deployed.err);
    let map = deployed.out.trim().strip_prefix("export DURABOX_FUNCTION_NAME_MAP='").expect("the variable");
    let map: Value = serde_json::from_str(map.trim_end_matches('\'')).expect("JSON");
    for (name, local) in &local {
        let function = map[name].as_str().unwrap_or_else(|| panic!("{name} is not in {map}"));
        assert_eq!(function, format!("{name}:1"));
        let runner = CloudRunner::new(function).with_region("us-east-1").with_endpoint(service.endpoint());
        let runner = runner.with_poll_interval(Duration::from_millis(5)).into();
        let cloud = run(&runner, &input(name));
        let cloud = cloud.unwrap_or_else(|error| panic!("{name}: {error:?}\n{}", service.stderr()));
        assert_eq!(local.status(), cloud.status(), "{name}: {:?}\n{}", cloud.error(), service.stderr());
        assert_eq!(local.output::<Value>().ok(), cloud.output::<Value>().ok(), "{name}");
        assert_eq!(by_operation(local), by_operation(&cloud), "{name}");
    }
}

#[test]
fn a_deploy_says_what_it_changes_and_changes_only_that() {
    let directory = Directory::new();
    let service = Service::start_kept(&directory.path().join("state"), &["retries"], &["--skip-time"]);
    let deploy = |options: &[&str]| deploy(&directory, &service, &["hello_world"], options);

    let dry = deploy(&["--dry-run"]);
    assert_eq!(dry.code, Some(0), "{}", dry.err);
    assert!(dry.err.contains("create  hello_world\n        256 MB, 60 s to an invocation"), "{}", dry.err);
    assert!(dry.err.contains("nothing was changed (--dry-run)") && dry.out.is_empty(), "{}", dry.err);

    let created = deploy(&[]);
    assert_eq!(created.code, Some(0), "{}", created.err);
    let exports = "export QUALIFIED_FUNCTION_NAME='hello_world:1'\nexport LAMBDA_FUNCTION_TEST_NAME='hello_world'\n";
    assert_eq!(created.out, exports);
    assert!(created.err.contains("active  hello_world:1"), "{}", created.err);

    let again = deploy(&[]);
    assert!(again.err.contains("keep  hello_world"), "{}", again.err);
    assert_eq!(again.out, exports, "nothing has changed, and so it is the same version");

    let changed = deploy(&["--memory", "512", "--retention", "30", "--alias", "live"]);
    assert!(changed.err.contains("memory: 256 → 512 MB"), "{}", changed.err);
    assert!(changed.err.contains("executions are kept: 14 → 30 days"), "{}", changed.err);
    assert!(!changed.err.contains("code:"), "{}", changed.err);
    assert!(changed.out.contains("'hello_world:live'"), "{}", changed.out);

    let settings = CloudSettings::of_place(None, Some(service.endpoint().to_owned()));
    let deployed = block_on(async {
        let lambda = Lambda::new(&settings).await;
        (lambda.deployed("hello_world:live").await, lambda.deployed("hello_world:1").await, lambda.deployed("nothing").await)
    })
    .expect("a runtime");
    let live = deployed.0.expect("an answer").expect("it is deployed");
    assert_eq!((live.memory, live.retention_days, live.execution_timeout), (Some(512), Some(30), Some(86_400)));
    assert_eq!(live.version, "2");
    let first = deployed.1.expect("an answer").expect("it is deployed");
    assert_eq!(first.memory, Some(256), "a version stays as it was published");
    assert_eq!(first.artifact_sha256(), live.artifact_sha256());
    assert_eq!(deployed.2.expect("an answer"), None);

    assert_eq!(live.artifact_sha256(), Some(artifact("hello_world").sha256()));
}

#[test]
fn a_function_that_durabox_has_not_deployed_is_left_alone() {
    let directory = Directory::new();
    let service = Service::start_kept(&directory.path().join("state"), &["retries"], &["--skip-time"]);
    let refused = deploy(&directory, &service, &["retries"], &[]);
    assert_eq!(refused.code, Some(2), "{}{}", refused.out, refused.err);
    for words in ["the function retries is there, and durabox has not deployed it", "hint: --overwrite"] {
        assert!(refused.err.contains(words), "{words:?} is not in:\n{}", refused.err);
    }
    let told = deploy(&directory, &service, &["retries"], &["--overwrite"]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(told.err.contains("update  retries"), "{}", told.err);

    let elsewhere = deploy(&directory, &service, &["retries"], &["--endpoint", "http://127.0.0.1:9"]);
    assert_eq!(elsewhere.code, Some(2), "{}", elsewhere.err);
    assert!(elsewhere.err.contains("Failed to look at retries: "), "{}", elsewhere.err);
    let two = deploy(&directory, &service, &["retries", "order"], &["--function-name", "one"]);
    assert!(two.err.contains("--function-name names one function, and 2 handlers are named"), "{}", two.err);
}
