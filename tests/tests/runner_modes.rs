//! The tests of `host/tests/modes.rs` as Cargo runs them in each mode: which run where, and why.

use std::collections::BTreeMap;

use durabox::harness::{REPORT_VARIABLE, Report, RunnerMode, Verdict, read_reports};
use durabox_tests::clients::service::Service;
use durabox_tests::directory::Directory;
use durabox_tests::handlers::cargo;
use durabox_tests::lambda::StandIn;

/// What Cargo printed, and what became of each test.
struct Ran {
    printed: String,
    succeeded: bool,
    reports: BTreeMap<String, Report>,
}

impl Ran {
    /// Returns `local`, `cloud`, `cloud: REASON` or `skipped: REASON`.
    fn of(&self, test: &str) -> String {
        let report = self.reports.get(test).unwrap_or_else(|| panic!("{test} has not run:\n{}", self.printed));
        assert!(report.passed, "{test} has failed:\n{}", self.printed);
        match &report.verdict {
            Verdict::Local => "local".into(),
            Verdict::Cloud { because: None } => "cloud".into(),
            Verdict::Cloud { because: Some(reason) } => format!("cloud: {reason}"),
            Verdict::Skipped { because } => format!("skipped: {because}"),
        }
    }
}

fn run(mode: &str, environment: &[(&str, &str)]) -> Ran {
    let directory = Directory::new();
    let file = directory.path().join("reports.jsonl");
    let mut command = cargo(&["test", "--release", "--test", "modes"]);
    for variable in ["QUALIFIED_FUNCTION_NAME", "LAMBDA_FUNCTION_TEST_NAME", "DURABOX_FUNCTION_NAME_MAP"] {
        command.env_remove(variable);
    }
    command.env(RunnerMode::VARIABLE, mode).env(REPORT_VARIABLE, &file).envs(environment.iter().copied());
    let output = command.output().expect("cargo starts");
    let reports = read_reports(&file).expect("the reports");
    Ran {
        printed: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        succeeded: output.status.success(),
        reports: reports.into_iter().map(|report| (report.test.clone(), report)).collect(),
    }
}

/// Every `lambda_function_name` of the tests, and what is served under it.
const SERVED: [(&str, &str); 5] = [
    ("hello world", "hello_world"),
    ("nested contexts", "nested_contexts"),
    ("wait for callback", "wait_for_callback"),
    ("callback heartbeat", "callback_heartbeat"),
    ("retries", "retries"),
];

#[test]
fn every_test_that_can_runs_in_cloud_mode_against_durabox_serve() {
    let directory = Directory::new();
    let handlers = SERVED.map(|(_, handler)| handler);
    let service = Service::start_kept(directory.path(), &handlers, &["--skip-time"]);
    let map: BTreeMap<_, _> = SERVED.map(|(name, handler)| (name, format!("{handler}:$LATEST"))).into();
    let map = serde_json::to_string(&map).expect("JSON");
    let ran = run("cloud", &[("DURABOX_FUNCTION_NAME_MAP", &map), ("LAMBDA_ENDPOINT", service.endpoint())]);
    assert!(ran.succeeded, "{}\n{}", ran.printed, service.stderr());
    for test in ran.reports.keys() {
        let expected = match test.as_str() {
            "a_year_passes" => "skipped: it takes a LocalRunner, for what only local mode has",
            _ => "cloud",
        };
        assert_eq!(ran.of(test), expected, "{test}");
    }
    assert_eq!(ran.reports.len(), 9);
}

const FUNCTIONS: &str = r#"{"hello world": "hello_world:1", "Nested Contexts": "nested_contexts:$LATEST"}"#;

#[test]
fn cloud_mode_runs_what_is_selected_and_says_why_the_rest_is_skipped() {
    let server = StandIn::default().start();
    let ran = run("cloud", &[("DURABOX_FUNCTION_NAME_MAP", FUNCTIONS), ("LAMBDA_ENDPOINT", &server.url(""))]);
    assert!(ran.succeeded, "{}", ran.printed);
    for test in [
        "says_hello",
        "operations_are_found_by_name_type_ordinal_and_path",
        "has_an_arn_that_others_attach_to",
        "runs_what_has_no_handler_here",
        "falls_back_to_the_cloud_where_the_sandbox_refuses",
    ] {
        assert_eq!(ran.of(test), "cloud", "{test}");
    }
    let local_only = "skipped: it takes a LocalRunner, for what only local mode has";
    assert_eq!(ran.of("a_year_passes"), local_only);
    let other = "skipped: its lambda_function_name is `retries`, and selected is `hello world`, `nested contexts`";
    assert_eq!(ran.of("retries_in_real_time"), other);
    let told = "skipped: a_year_passes: it takes a LocalRunner, for what only local mode has\n";
    assert!(ran.printed.contains(told), "plain cargo test shows what it skips:\n{}", ran.printed);
}

#[test]
fn auto_mode_is_local_and_falls_back_to_the_cloud() {
    let server = StandIn::default().start();
    let ran = run("auto", &[("DURABOX_FUNCTION_NAME_MAP", FUNCTIONS), ("LAMBDA_ENDPOINT", &server.url(""))]);
    assert!(ran.succeeded, "{}", ran.printed);
    for test in ["says_hello", "a_year_passes", "a_callback_is_answered_by_hand", "an_execution_is_stopped"] {
        assert_eq!(ran.of(test), "local", "{test}");
    }
    assert_eq!(ran.of("runs_what_has_no_handler_here"), "cloud: it requires the cloud");
    let refused = ran.of("falls_back_to_the_cloud_where_the_sandbox_refuses");
    assert!(refused.starts_with("cloud: ") && refused.contains("shop.example.com"), "{refused}");
    let skipped = ran.of("retries_in_real_time");
    assert!(skipped.starts_with("skipped: it requires the cloud; and its lambda_function_name is"), "{skipped}");
}

#[test]
fn local_mode_skips_what_is_the_clouds() {
    let ran = run("local", &[]);
    assert!(ran.succeeded, "{}", ran.printed);
    assert_eq!(ran.of("says_hello"), "local");
    assert_eq!(ran.of("retries_in_real_time"), "skipped: it requires the cloud");
    let cloud_only = "skipped: it takes a CloudRunner, for what only the cloud has";
    assert_eq!(ran.of("has_an_arn_that_others_attach_to"), cloud_only);
}

#[test]
fn cloud_mode_without_its_variables_fails_and_an_unknown_mode_too() {
    let ran = run("cloud", &[]);
    assert!(!ran.succeeded, "{}", ran.printed);
    let words = "Cloud mode requires both QUALIFIED_FUNCTION_NAME and LAMBDA_FUNCTION_TEST_NAME environment variables";
    assert!(ran.printed.contains(words), "{}", ran.printed);
    let ran = run("clowd", &[]);
    assert!(!ran.succeeded && ran.printed.contains("the runner mode is local, cloud or auto, got \"clowd\""));
}
