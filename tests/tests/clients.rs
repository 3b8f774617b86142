//! `durabox serve` judged by clients that were written by others, unmodified; `tests/clients` has the scripts.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::{fs, thread};

use durabox::package::template;
use durabox::runtime::precompiled::Architecture;
use durabox_tests::clients::judge;
use durabox_tests::clients::service::Service;
use durabox_tests::clients::tools::{Tools, tools};
use durabox_tests::handlers::{component, target_dir, workspace};
use durabox_tests::lambda_service::packaged;
use regex::{Captures, Regex};

/// The handlers that the scripts ask for.
const HANDLERS: [&str; 7] = [
    "hello_world",
    "order",
    "create_callback",
    "callback_heartbeat",
    "wait_for_callback",
    "child_3_6",
    "invoke_target_error",
];

#[test]
fn boto3_uses_every_durable_operation() {
    let tools = installed();
    judge(tools, &Service::start(tools, &HANDLERS, &[]), "boto3_api.py", &[]);
}

#[test]
fn boto3_deploys_functions() {
    let tools = installed();
    judge(tools, &Service::start(tools, &HANDLERS, &[]), "boto3_functions.py", &[]);
}

#[test]
fn the_aws_cli_uses_executions() {
    let tools = installed();
    judge(tools, &Service::start(tools, &HANDLERS, &[]), "aws_cli.py", &[]);
}

#[test]
fn a_function_without_an_sdk_speaks_the_protocol() {
    let tools = installed();
    judge(tools, &with_template(tools), "functions_protocol.py", &[]);
}

#[test]
fn the_python_cloud_test_runner_tests_handlers_in_three_languages() {
    let tools = installed();
    judge(tools, &with_template(tools), "python_runner.py", &[]);
}

#[test]
fn the_javascript_cloud_test_runner_tests_handlers_in_three_languages() {
    let tools = installed();
    judge(tools, &with_template(tools), "javascript_runner.mjs", &[]);
}

#[test]
fn cfn_lint_accepts_the_template_of_packages() {
    let functions = [("order", Architecture::X86_64), ("order-by_mail", Architecture::Arm64)];
    let template = template::template(&functions.map(|(name, architecture)| template::Function {
        name,
        zip: "order.zip",
        architecture,
        description: "durabox package 0.1.0, handler order, wasm sha256 370c, zip sha256 3OWCTWoBjPTgeaV1=",
    }));
    let folder = target_dir().join("clients").join(format!("linted-{}", std::process::id()));
    let lint = |text: &str| {
        fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("template.yaml");
        fs::write(&file, text).expect("a file");
        let lint = installed().home().join("venv/bin/cfn-lint");
        // It reads settings of the folder and of the home.
        let output =
            Command::new(lint).arg(&file).current_dir(&folder).env("HOME", &folder).output().expect("cfn-lint runs");
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    assert_eq!(lint(&template), (Some(0), String::new()), "{template}");
    // It knows what it judges.
    let (status, said) = lint(&template.replace("AutoPublishAlias", "AutoPublishAliases"));
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("'AutoPublishAliases' was unexpected"), "{said}");
    fs::remove_dir_all(&folder).expect("the folder goes");
}

/// Runs the conformance suite's command over functions of its template; `code` gives a function's file, by the
/// handler's name, for a folder.
fn conformance(name: &str, code: impl Fn(&Path, &str) -> PathBuf + Sync) {
    let tools = installed();
    let scratch = target_dir().join("clients").join(format!("conformance-{name}-{}", std::process::id()));
    let (state, log_file) = (scratch.join("state"), scratch.join("logs.json"));
    fs::create_dir_all(&state).unwrap_or_else(|error| panic!("{}: {error}", state.display()));

    let path = workspace().join("tests/conformance/template.yaml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let uri = Regex::new(r"CodeUri: (\w+)\.wasm").expect("a pattern");
    let handlers: BTreeSet<&str> = uri.captures_iter(&text).map(|found| found.extract::<1>().1[0]).collect();
    let files = Mutex::new(BTreeMap::new());
    let left = Mutex::new(handlers.into_iter());
    let next = || left.lock().expect("no thread has panicked").next();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(handler) = next() {
                    let file = code(&scratch, handler);
                    files.lock().expect("no thread has panicked").insert(handler, file);
                }
            });
        }
    });
    let files = files.into_inner().expect("no thread has panicked");
    let text = uri.replace_all(&text, |found: &Captures<'_>| format!("CodeUri: {}", files[&found[1]].display()));
    let template = scratch.join("template.yaml");
    fs::write(&template, text.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", template.display()));

    // The handler of 3-12 remembers there that it has crashed.
    let state = format!("{}:/state", state.display());
    let of_zips = format!("DURABOX_DIRS={state}");
    let options =
        ["--template", &template.to_string_lossy(), "--log-file", &log_file.to_string_lossy()].map(str::to_owned);
    let granted = ["--dir", &state, "--env", &of_zips].map(str::to_owned);
    let arguments: Vec<&OsStr> = options.iter().chain(&granted).map(OsStr::new).collect();
    let service = Service::start(tools, &[], &arguments);
    let (template, log_file) = (template.to_string_lossy(), log_file.to_string_lossy());
    judge(tools, &service, "conformance.py", &["--template", &template, "--log-file", &log_file]);
    drop(service);
    fs::remove_dir_all(&scratch).unwrap_or_else(|error| panic!("{}: {error}", scratch.display()));
}

#[test]
fn the_conformance_command_passes_every_id_that_does_not_depend_on_a_language() {
    conformance("components", |_, handler| component(handler));
}

#[test]
fn the_conformance_command_passes_the_same_ids_with_packaged_zips() {
    conformance("zips", |folder, handler| {
        let path = folder.join(format!("{handler}.zip"));
        fs::write(&path, packaged(handler).bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    });
}

fn installed() -> &'static Tools {
    tools().unwrap_or_else(|problem| panic!("{problem}"))
}

/// Starts a service with the functions in Python and JavaScript too.
fn with_template(tools: &Tools) -> Service {
    let template = tools.home().join("template.yaml");
    Service::start(tools, &HANDLERS, &[OsStr::new("--template"), template.as_os_str()])
}
