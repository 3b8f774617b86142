//! From the tested artifact to Lambda: packaged and deployed with `durabox deploy`, run by its own
//! bootstrap, and compared with local runs of the same bytes.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use durabox::block_on;
use durabox::cloud::{CloudSettings, Lambda};
use durabox_tests::clients::service::{Service, durabox};
use durabox_tests::directory::Directory;
use durabox_tests::handlers::{artifact, component, examples, workspace};
use serde_json::Value;

/// What a command printed, and how it ended.
struct Printed {
    out: String,
    err: String,
    code: Option<i32>,
}

fn command(directory: &Path, service: &Service, arguments: &[&str]) -> Printed {
    let mut command = Command::new(durabox());
    command.args(arguments).current_dir(directory).env("LAMBDA_ENDPOINT", service.endpoint());
    command.env_remove("AWS_REGION").env_remove("DURABOX_ROLE");
    printed(command)
}

fn printed(mut command: Command) -> Printed {
    let output = command.output().expect("the command starts");
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

/// Examples whose tests are local alone: a shop of the test's own, and steps that read virtual time.
const LOCAL_ALONE: [&str; 2] = ["http_step", "with_retry"];

/// Why a test is not compared.
const TAKES_A_LOCAL_RUNNER: &str = "in the cloud: it takes a LocalRunner, for what only local mode has";

#[test]
fn the_whole_example_suite_verifies_deployed_packages() {
    let directory = Directory::new();
    let service = Service::start_kept(&directory.path().join("state"), &[], &["--empty", "--skip-time"]);
    let all = examples();
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    // 366 days, as one of them sleeps for a year.
    let deployed = deploy(&directory, &service, &names, &["--execution-timeout", "31622400"]);
    assert_eq!(deployed.code, Some(0), "{}{}", deployed.out, deployed.err);
    let map = deployed.out.trim().strip_prefix("export DURABOX_FUNCTION_NAME_MAP='").expect("the variable");
    let map = map.strip_suffix('\'').expect("its end");

    let junit = directory.path().join("examples.xml");
    let mut verify = Command::new(durabox());
    verify.args(["verify", "--json", "--junit"]).arg(&junit).args(["--", "--release", "--test", "examples"]);
    verify.current_dir(workspace()).env("CARGO", env!("CARGO"));
    for variable in ["QUALIFIED_FUNCTION_NAME", "LAMBDA_FUNCTION_TEST_NAME", "DURABOX_UPDATE_HISTORIES"] {
        verify.env_remove(variable);
    }
    verify
        .env("DURABOX_FUNCTION_NAME_MAP", map)
        .env("LAMBDA_ENDPOINT", service.endpoint())
        .env("AWS_REGION", "us-east-1");
    let verified = printed(verify);
    let document: Value =
        serde_json::from_str(&verified.out).unwrap_or_else(|error| panic!("{error}\n{}{}", verified.out, verified.err));
    let runs = document["runs"].as_array().expect("runs");
    let (equal, others): (Vec<_>, Vec<_>) = runs.iter().partition(|run| run["outcome"] == "equal");
    for run in &others {
        let told = format!("{} {}: {}", run["test"], run["outcome"], run["firstDifference"]);
        assert_eq!(run["reason"], TAKES_A_LOCAL_RUNNER, "{told}\n{}", service.stderr());
    }
    assert_eq!(verified.code, Some(0), "{}", verified.err);
    assert!(equal.len() >= 30 && others.len() >= 20, "{} are equal, {} are skipped", equal.len(), others.len());

    for run in &equal {
        assert!(run["cloud"]["artifact"]["sha256"].is_string(), "{}: {}", run["test"], run["cloud"]["artifact"]);
    }
    let functions = equal.iter().filter_map(|run| run["cloud"]["function"].as_str().map(str::to_owned));
    let compared: BTreeSet<String> = functions.collect();
    let in_both = all.iter().filter(|name| !LOCAL_ALONE.contains(&name.as_str()));
    let expected: BTreeSet<String> = in_both.map(|name| format!("{name}:1")).collect();
    assert_eq!(compared, expected);

    let xml = std::fs::read_to_string(&junit).expect("the file");
    let suite = format!("<testsuite name=\"examples\" tests=\"{}\" failures=\"0\"", runs.len());
    assert!(xml.contains(&suite), "{suite} is not in the file");
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
    assert!(changed.err.contains("alias live: not there → the version that is published"), "{}", changed.err);
    let again = deploy(&["--alias", "live", "--dry-run"]);
    assert!(again.err.contains("alias live: 2 → the version that is published"), "{}", again.err);
    assert!(changed.out.contains("'hello_world:live'"), "{}", changed.out);

    let settings = CloudSettings::of_place(None, Some(service.endpoint().to_owned()));
    let deployed = block_on(async {
        let lambda = Lambda::new(&settings).await;
        (
            lambda.deployed("hello_world:live").await,
            lambda.deployed("hello_world:1").await,
            lambda.deployed("nothing").await,
        )
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
