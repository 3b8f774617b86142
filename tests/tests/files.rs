//! Granted directories: for steps, for what a serdes keeps there, and for nobody else.

use std::fs;
use std::path::{Path, PathBuf};

use durabox::runtime::local::{Run, RunOptions};
use durabox::runtime::model::ExecutionStatus::{Failed, Succeeded};
use durabox::runtime::sandbox::InvokeOptions;
use durabox::runtime::verify::{self, Recorded, Verdict};
use durabox_tests::directory::Directory;
use durabox_tests::handlers::{artifact, block_on, run_with, sandbox};
use serde_json::{Value, json};

/// Returns a directory with `in.txt` in it.
fn directory() -> Directory {
    let directory = Directory::new();
    fs::write(directory.path().join("in.txt"), "some text").expect("a file");
    directory
}

/// Runs a handler that is granted the directory as `/data`.
fn run(directory: &Directory, handler: &str, input: &Value, writable: bool) -> Run {
    let preopens = vec![directory.granted("/data", writable)];
    run_with(handler, &input.to_string(), RunOptions { preopens, ..RunOptions::default() })
}

fn refused(run: &Run, words: &[&str]) {
    assert_eq!(run.execution.status(), Failed, "{:?}", run.execution.result());
    let error = run.execution.error().expect("a failed execution has an error");
    assert_eq!(error.error_type.as_deref(), Some("Sandbox.Refused"), "{error:?}");
    let message = error.error_message.as_deref().unwrap_or_default();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a file")
}

#[test]
fn a_step_uses_the_files_of_a_granted_directory() {
    let directory = directory();
    let run = run(&directory, "file_in_step", &json!("/data"), true);
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
    assert_eq!(run.execution.result(), Some(r#"["some text",["in.txt","out.txt"]]"#));
    assert_eq!(read(&directory.path().join("out.txt")), "SOME TEXT");
}

#[test]
fn a_directory_that_is_granted_for_reading_is_not_written_to() {
    let directory = directory();
    let run = run(&directory, "file_in_step", &json!("/data"), false);
    assert_eq!(run.execution.status(), Failed, "{:?}", run.execution.result());
    assert!(!directory.path().join("out.txt").exists());
}

#[test]
fn a_file_between_operations_is_refused_with_the_place_and_the_way() {
    let directory = directory();
    let run = run(&directory, "file_outside_step", &json!("/data/in.txt"), false);
    refused(&run, &["`in.txt`", "outside any step", "`prepare`", "file_outside_step.rs:", "ctx.step"]);
}

#[test]
fn a_file_that_is_carried_out_of_its_step_is_neither_read_nor_written() {
    let directory = directory();
    for write in [false, true] {
        let run = run(&directory, "file_carried_out", &json!(["/data/in.txt", write]), true);
        refused(&run, &["outside any step", "ctx.step"]);
    }
    assert_eq!(read(&directory.path().join("in.txt")), "some text");
}

#[test]
fn a_file_may_be_closed_anywhere() {
    let directory = directory();
    let run = run(&directory, "file_dropped_outside_step", &json!("/data/in.txt"), false);
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
}

/// Returns the files below `directory`, sorted.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[test]
fn a_serdes_keeps_payloads_in_files_that_are_named_by_what_is_in_them() {
    let directory = directory();
    let run = run(&directory, "file_serdes", &json!("/data"), true);
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
    assert_eq!(run.execution.result(), Some("[1500000,14]"));
    assert_eq!(run.shadow.as_ref().expect("a shadow replay").verdict, Verdict::Follows);
    let fetch = run.execution.operations().iter().find(|operation| operation.name.as_deref() == Some("fetch"));
    let recorded = fetch.and_then(|operation| operation.result()).expect("a result");
    assert!(recorded.starts_with(r#"{"__aws_durable_serdes":{"version":1,"kind":"file"},"file":"file_serdes/"#));
    let files = files_below(&directory.path().join("file_serdes"));
    // The step, three items, and each item in the result of the map.
    assert_eq!(files.len(), 7, "{files:?}");

    let again = run(&directory, "file_serdes", &json!("/data"), true);
    assert_eq!(again.execution.events(), run.execution.events());
    assert_eq!(files_below(&directory.path().join("file_serdes")), files, "the same content has the same name");
}

#[test]
fn a_payload_that_has_changed_in_its_file_is_an_error_and_not_another_value() {
    let directory = directory();
    let run = run(&directory, "file_serdes", &json!("/data"), true);
    let recorded = Recorded::from(&run);
    for file in files_below(&directory.path().join("file_serdes")) {
        fs::write(file, r#""other""#).expect("a file");
    }
    let options = InvokeOptions { preopens: vec![directory.granted("/data", true)], ..InvokeOptions::default() };
    let report = block_on(verify::replay(sandbox(), &artifact("file_serdes"), &recorded, options));
    let text = format!("{:?}", report.verdict);
    assert!(text.contains("deserialization failed") && text.contains("has changed"), "{text}");
}

#[test]
fn a_serdes_without_its_directory_fails_with_the_way_to_grant_it() {
    let run = run_with("file_serdes", r#""/data""#, RunOptions::default());
    assert_eq!(run.execution.status(), Failed, "{:?}", run.execution.result());
    let error = run.execution.error().expect("a failed execution has an error");
    assert!(error.error_message.as_deref().unwrap_or_default().contains("--dir"), "{error:?}");
}
