//! How a function is started, by its runtime.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use durabox_server::process::commands::{CommandError, Launch, launch};

fn code(name: &str) -> PathBuf {
    let code = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands").join(name);
    let _ = fs::remove_dir_all(&code);
    fs::create_dir_all(&code).unwrap();
    code
}

fn with_file(code: &Path, name: &str, content: &str) {
    let file = code.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

#[test]
fn a_function_without_a_language_is_its_bootstrap() {
    let command = vec!["/srv/code/bootstrap".to_owned()];
    for runtime in [None, Some("provided.al2023"), Some("provided.al2")] {
        let launch = launch(runtime, None, Path::new("/srv/code")).unwrap();
        assert_eq!(launch, Launch { command: command.clone(), environment: vec![] });
    }
}

#[test]
fn python_runs_the_official_client_with_the_interpreter_of_the_code() {
    let code = code("python");
    let [program, rest @ ..] = &*launch(Some("python3.99"), Some("app.handler"), &code).unwrap().command else {
        panic!()
    };
    assert_eq!(program, "python3");
    assert_eq!(rest, ["-m", "awslambdaric", "app.handler"]);
    with_file(&code, ".venv/bin/python", "");
    let launched = launch(Some("python3.99"), Some("app.handler"), &code).unwrap();
    assert_eq!(launched.command[0], code.join(".venv/bin/python").display().to_string());
    assert_eq!(launched.environment, [("PYTHONPATH".to_owned(), code.display().to_string())]);
}

#[test]
fn node_runs_the_official_client_wherever_its_package_has_it() {
    let code = code("node");
    for bin in [r#"{"bin":{"aws-lambda-ric":"./index.mjs"}}"#, r#"{"bin":"index.mjs"}"#] {
        with_file(&code, "node_modules/aws-lambda-ric/package.json", bin);
        let launched = launch(Some("nodejs22.x"), Some("app.handler"), &code).unwrap();
        let script = code.join("node_modules/aws-lambda-ric/index.mjs").display().to_string();
        assert_eq!(launched.command, ["node".to_owned(), script, "app.handler".to_owned()]);
    }
}

#[test]
fn what_cannot_be_started_is_said_with_what_can() {
    let code = code("nothing");
    for runtime in ["java21", "python2.7", "python3.", "nodejs22", "nodejs.x", "provided", ""] {
        let error = launch(Some(runtime), Some("app.handler"), &code).unwrap_err();
        let supported = "provided.al2023, provided.al2, python3.x and nodejsN.x are supported";
        assert_eq!(error.to_string(), format!("no client for runtime `{runtime}`: {supported}"));
    }
    let error = launch(Some("python3.13"), None, &code).unwrap_err();
    assert_eq!(error, CommandError::NoHandler("python3.13".into()));
}
