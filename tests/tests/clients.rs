//! `durabox serve` judged by clients that were written by others, unmodified; `tests/clients` has the scripts.

use std::ffi::OsStr;
use std::fs;

use durabox_tests::clients::judge;
use durabox_tests::clients::service::Service;
use durabox_tests::clients::tools::{Tools, tools};
use durabox_tests::handlers::{component, target_dir, workspace};

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
fn the_conformance_command_passes_every_id_that_does_not_depend_on_a_language() {
    let tools = installed();
    let template = workspace().join("tests/conformance/template.yaml");
    // Its components are beside it.
    let deployed = component("step_1_1").with_file_name("conformance-template.yaml");
    fs::copy(&template, &deployed).unwrap_or_else(|error| panic!("{}: {error}", template.display()));
    let scratch = target_dir().join("clients").join(format!("conformance-{}", std::process::id()));
    let (state, log_file) = (scratch.join("state"), scratch.join("logs.json"));
    fs::create_dir_all(&state).unwrap_or_else(|error| panic!("{}: {error}", state.display()));
    let state = format!("{}:/state", state.display());
    let arguments = [
        OsStr::new("--template"),
        deployed.as_os_str(),
        OsStr::new("--log-file"),
        log_file.as_os_str(),
        // The handler of 3-12 remembers there that it has crashed.
        OsStr::new("--dir"),
        OsStr::new(&state),
    ];
    let service = Service::start(tools, &[], &arguments);
    let (template, log_file) = (deployed.to_string_lossy(), log_file.to_string_lossy());
    judge(tools, &service, "conformance.py", &["--template", &template, "--log-file", &log_file]);
    fs::remove_dir_all(&scratch).unwrap_or_else(|error| panic!("{}: {error}", scratch.display()));
}

fn installed() -> &'static Tools {
    tools().unwrap_or_else(|problem| panic!("{problem}"))
}

/// Starts a service with the functions in Python and JavaScript too.
fn with_template(tools: &Tools) -> Service {
    let template = tools.home().join("template.yaml");
    Service::start(tools, &HANDLERS, &[OsStr::new("--template"), template.as_os_str()])
}
