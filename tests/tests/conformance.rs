//! The official conformance suite, by its rules and by stricter ones: in virtual time, in pages of
//! one operation, and in real time.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use durabox::runtime::local::{CallbackAction, CallbackAnswer, Functions, Run, RunOptions};
use durabox::runtime::model::{ErrorObject, ExecutionStatus};
use durabox::runtime::sandbox::Preopen;
use durabox::runtime::verify::Verdict;
use durabox_tests::conformance::matcher::{Observed, judge, strict};
use durabox_tests::conformance::package::requirements_dir;
use durabox_tests::conformance::requirement::{CallbackOperation, Requirement};
use durabox_tests::handlers::{artifact, run_with, workspace};
use serde_json::{Value, json};

/// Ids that cannot apply to a handler in Rust, each with the reason. 1-5 asks for "undefined",
/// which JSON does not have; it is run with null.
const NOT_APPLICABLE: [(&str, &str); 0] = [];

/// The suites with the number that their ids begin with, and how many ids they have.
const SUITES: [(&str, u32, u32); 9] = [
    ("step", 1, 20),
    ("wait", 2, 5),
    ("child", 3, 18),
    ("callback", 4, 19),
    ("invoke", 5, 16),
    ("wait_for_condition", 6, 13),
    ("wait_for_callback", 7, 15),
    ("parallel", 8, 22),
    ("map", 9, 20),
];

/// Unreleased suites, whose requirements are written down in `tests/requirements`.
const EXTENSIONS: [(&str, u32, u32); 2] = [("nondeterminism", 12, 3), ("combinator", 13, 4)];

/// Longest run, in its own time, that is made in real time as well.
const SHORT: Duration = Duration::from_secs(8);

#[test]
fn the_released_ids_pass() {
    let count: u32 = SUITES.iter().map(|(_, _, count)| count).sum();
    assert_eq!(count, 148, "the ids that do not depend on a language");
    check(&Case::all(&SUITES), &RunOptions::default());
}

#[test]
fn the_extension_ids_pass() {
    check(&Case::all(&EXTENSIONS), &RunOptions::default());
}

#[test]
fn all_ids_pass_in_pages_of_one_operation() {
    let cases = [Case::all(&SUITES), Case::all(&EXTENSIONS)].concat();
    check(&cases, &RunOptions { page_size: 1, ..RunOptions::default() });
}

#[test]
fn short_runs_have_the_same_history_in_real_time() {
    let cases = [Case::all(&SUITES), Case::all(&EXTENSIONS)].concat();
    let short: Vec<_> = cases
        .iter()
        .map(|case| (case, case.run(&RunOptions::default())))
        .filter(|(_, run)| {
            let execution = &run.execution;
            execution.end_timestamp().is_some_and(|end| end.since(execution.start_timestamp()) <= SHORT)
        })
        .collect();
    assert!(short.len() > 100, "{} of {} are short", short.len(), cases.len());
    let failures = Mutex::new(String::new());
    // They wait much and work little: all of them at once.
    thread::scope(|scope| {
        for (case, skipped) in &short {
            scope.spawn(|| {
                let real = case.run(&RunOptions { real_time: true, ..RunOptions::default() });
                let (skipped, real) = (timeless(skipped), timeless(&real));
                if skipped != real {
                    let mut failures = failures.lock().expect("no panic");
                    let _ = writeln!(failures, "{}:\n  skipped {skipped:#?}\n  real    {real:#?}", case.id);
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic");
    assert!(failures.is_empty(), "\n{failures}");
}

/// One id, with its requirement.
#[derive(Clone)]
struct Case {
    id: String,
    handler: String,
    requirement: Requirement,
}

impl Case {
    fn all(suites: &[(&str, u32, u32)]) -> Vec<Self> {
        let released = requirements_dir().unwrap_or_else(|problem| panic!("{problem}"));
        let mut cases = Vec::new();
        for (suite, number, count) in suites {
            let directory = if *number > 9 { workspace().join("tests/requirements") } else { released.clone() };
            for case in 1..=*count {
                let id = format!("{number}-{case}");
                if let Some((id, reason)) = NOT_APPLICABLE.iter().find(|(known, _)| *known == id) {
                    println!("{id}: not applicable: {reason}");
                    continue;
                }
                let requirement = Requirement::load(&directory, &id, u64::from(case));
                let requirement = requirement.unwrap_or_else(|problem| panic!("{id}: {problem}"));
                cases.push(Self { handler: format!("{suite}_{number}_{case}"), id, requirement });
            }
        }
        cases
    }

    /// Runs the handler, in a world that does what the requirement says.
    fn run(&self, options: &RunOptions) -> Run {
        let state = self.state();
        std::fs::create_dir_all(&state).expect("a directory for the handler's state");
        let preopens = vec![Preopen { host: state.clone(), guest: "/state".into(), writable: true }];
        let callbacks = self.requirement.callback_actions.iter().map(|action| {
            let what = match &action.operation {
                CallbackOperation::Success(payload) => CallbackAction::Success(payload.clone()),
                CallbackOperation::Failure(error) => CallbackAction::Failure(error_object(error.as_ref())),
                CallbackOperation::Heartbeat => CallbackAction::Heartbeat,
            };
            CallbackAnswer::new(action.callback_name.as_str(), what).after(action.delay)
        });
        let mut functions = Functions::default();
        if self.handler.starts_with("invoke_") {
            for target in ["invoke_target_echo", "invoke_target_echo_tenant", "invoke_target_error"] {
                functions.add_handler(target, artifact(target));
            }
        }
        let options = RunOptions { preopens, callbacks: callbacks.collect(), functions, ..options.clone() };
        let run = run_with(&self.handler, &self.requirement.input.to_string(), options);
        std::fs::remove_dir_all(&state).expect("the state goes");
        run
    }

    /// Where the handler keeps what it must know of earlier invocations.
    fn state(&self) -> PathBuf {
        let process = format!("durabox-{}-{}", std::process::id(), self.handler);
        std::env::temp_dir().join(format!("{process}-{:?}", thread::current().id()))
    }
}

fn check(cases: &[Case], options: &RunOptions) {
    let mut failures = String::new();
    for case in cases {
        let run = case.run(options);
        let (requirement, observed) = (&case.requirement, observe(&run));
        for problem in judge(requirement, &observed).into_iter().chain(strict(requirement, &observed)) {
            let _ = writeln!(failures, "{} {}: {problem}", case.id, requirement.description);
        }
        let shadow = run.shadow.as_ref().map(|report| &report.verdict);
        if shadow.is_some_and(|verdict| *verdict != Verdict::Follows) {
            let _ = writeln!(failures, "{}: shadow replay: {shadow:?}", case.id);
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

fn observe(run: &Run) -> Observed {
    let execution = &run.execution;
    assert_ne!(execution.status(), ExecutionStatus::Running);
    let logs = run.invocations.iter().flat_map(|invocation| &invocation.logs);
    Observed {
        status: execution.status().as_str().to_owned(),
        result: execution.result().map(str::to_owned),
        events: execution.events().iter().map(|event| serde_json::to_value(event).expect("JSON")).collect(),
        logs: logs.map(|line| json!({"message": line.message})).collect(),
    }
}

/// Returns a run's history without its times.
fn timeless(run: &Run) -> Vec<Value> {
    let mut events = observe(run).events;
    events.iter_mut().for_each(drop_times);
    events
}

fn drop_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.ends_with("Timestamp"));
            fields.values_mut().for_each(drop_times);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_times),
        _ => {}
    }
}

fn error_object(error: Option<&Value>) -> ErrorObject {
    error.map_or_else(ErrorObject::default, |error| serde_json::from_value(error.clone()).expect("an ErrorObject"))
}
