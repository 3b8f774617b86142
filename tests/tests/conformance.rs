//! The official conformance suite: step, wait and child, by its rules and by stricter ones.

use std::fmt::Write as _;

use durabox::runtime::local::{Run, RunOptions};
use durabox::runtime::model::ExecutionStatus;
use durabox::runtime::sandbox::Preopen;
use durabox_tests::conformance::matcher::{Observed, judge, strict};
use durabox_tests::conformance::package::requirements_dir;
use durabox_tests::conformance::requirement::Requirement;
use durabox_tests::handlers::run_with;

/// Ids that cannot apply to a handler in Rust, each with the reason. 1-5 asks for "undefined",
/// which JSON does not have; it is run with null.
const NOT_APPLICABLE: [(&str, &str); 0] = [];

#[test]
fn the_step_ids_pass() {
    check("step", 20);
}

#[test]
fn the_wait_ids_pass() {
    check("wait", 5);
}

#[test]
fn the_child_ids_pass() {
    check("child", 18);
}

fn check(suite: &str, count: u32) {
    let directory = requirements_dir().unwrap_or_else(|problem| panic!("{problem}"));
    let number = match suite {
        "step" => 1,
        "wait" => 2,
        _ => 3,
    };
    let mut failures = String::new();
    for case in 1..=count {
        let id = format!("{number}-{case}");
        if let Some((id, reason)) = NOT_APPLICABLE.iter().find(|(known, _)| *known == id) {
            println!("{id}: not applicable: {reason}");
            continue;
        }
        let requirement = Requirement::load(&directory, &id, u64::from(case)).unwrap_or_else(|e| panic!("{id}: {e}"));
        let run = run_case(&format!("{suite}_{number}_{case}"), &requirement);
        let observed = observe(&run);
        for problem in judge(&requirement, &observed).into_iter().chain(strict(&requirement, &observed)) {
            let _ = writeln!(failures, "{id} {}: {problem}", requirement.description);
        }
        let shadow = run.shadow.as_ref().map(|report| &report.verdict);
        if shadow.is_some_and(|verdict| *verdict != durabox::runtime::verify::Verdict::Follows) {
            let _ = writeln!(failures, "{id}: shadow replay: {shadow:?}");
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

fn run_case(handler: &str, requirement: &Requirement) -> Run {
    let state = std::env::temp_dir().join(format!("durabox-{handler}-{}", std::process::id()));
    std::fs::create_dir_all(&state).expect("a directory for the handler's state");
    let preopens = vec![Preopen { host: state.clone(), guest: "/state".into(), writable: true }];
    let input = requirement.input.to_string();
    let run = run_with(handler, &input, RunOptions { preopens, ..RunOptions::default() });
    std::fs::remove_dir_all(&state).expect("the state goes");
    run
}

fn observe(run: &Run) -> Observed {
    let execution = &run.execution;
    assert_ne!(execution.status(), ExecutionStatus::Running);
    let logs = run.invocations.iter().flat_map(|invocation| &invocation.logs);
    Observed {
        status: execution.status().as_str().to_owned(),
        result: execution.result().map(str::to_owned),
        events: execution.events().iter().map(|event| serde_json::to_value(event).expect("JSON")).collect(),
        logs: logs.map(|line| serde_json::json!({"message": line.message})).collect(),
    }
}
