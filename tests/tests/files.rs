//! Granted directories: for steps, and for nobody else.

use std::fs;
use std::path::{Path, PathBuf};

use durabox::runtime::local::{Run, RunOptions};
use durabox::runtime::model::ExecutionStatus::{Failed, Succeeded};
use durabox::runtime::sandbox::Preopen;
use durabox_tests::handlers::run_with;
use serde_json::{Value, json};

/// A directory with `in.txt` in it, which is removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("durabox-files-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        fs::write(path.join("in.txt"), "some text").expect("a file");
        Self(path)
    }

    fn run(&self, handler: &str, input: &Value, writable: bool) -> Run {
        let preopen = Preopen { host: self.0.clone(), guest: "/data".into(), writable };
        run_with(handler, &input.to_string(), RunOptions { preopens: vec![preopen], ..RunOptions::default() })
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Left behind, it harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
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
    let directory = Directory::new("step");
    let run = directory.run("file_in_step", &json!("/data"), true);
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
    assert_eq!(run.execution.result(), Some(r#"["some text",["in.txt","out.txt"]]"#));
    assert_eq!(read(&directory.0.join("out.txt")), "SOME TEXT");
}

#[test]
fn a_directory_that_is_granted_for_reading_is_not_written_to() {
    let directory = Directory::new("read-only");
    let run = directory.run("file_in_step", &json!("/data"), false);
    assert_eq!(run.execution.status(), Failed, "{:?}", run.execution.result());
    assert!(!directory.0.join("out.txt").exists());
}

#[test]
fn a_file_between_operations_is_refused_with_the_place_and_the_way() {
    let directory = Directory::new("outside");
    let run = directory.run("file_outside_step", &json!("/data/in.txt"), false);
    refused(&run, &["`in.txt`", "outside any step", "`prepare`", "file_outside_step.rs:", "ctx.step"]);
}

#[test]
fn a_file_that_is_carried_out_of_its_step_is_neither_read_nor_written() {
    let directory = Directory::new("carried");
    for write in [false, true] {
        let run = directory.run("file_carried_out", &json!(["/data/in.txt", write]), true);
        refused(&run, &["outside any step", "ctx.step"]);
    }
    assert_eq!(read(&directory.0.join("in.txt")), "some text");
}

#[test]
fn a_file_may_be_closed_anywhere() {
    let directory = Directory::new("closed");
    let run = directory.run("file_dropped_outside_step", &json!("/data/in.txt"), false);
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
}
