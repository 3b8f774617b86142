use durabox_runtime::model::{ErrorObject, ExecutionStatus, OperationStatus};

use super::{Artifact, Aspect, Entry, Finding, Judgement, Observed, ObservedOperation, Outcome, Tally, TestRun};
use super::{compare, document, junit, pair, text};
use crate::harness::{Record, Report, Verdict};
use crate::runner::Mode;

const SHA256: &str = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809";

/// Two branches, each with a step.
const HISTORY: [&str; 11] = [
    "ExecutionStarted\t\t{\"id\":42}",
    "ContextStarted\tCONTEXT/ParallelBranch a",
    "ContextStarted\tCONTEXT/ParallelBranch b",
    "StepStarted\tCONTEXT/ParallelBranch a / STEP pay",
    "StepStarted\tCONTEXT/ParallelBranch b / STEP send",
    "StepSucceeded\tCONTEXT/ParallelBranch a / STEP pay\tattempt 1\t{\"paid\":true,\"cents\":5}",
    "StepSucceeded\tCONTEXT/ParallelBranch b / STEP send\tattempt 1\t\"sent\"",
    "ContextSucceeded\tCONTEXT/ParallelBranch a",
    "ContextSucceeded\tCONTEXT/ParallelBranch b",
    "InvocationCompleted",
    "ExecutionSucceeded\t\t\"done\"",
];

fn operation(context: &str, title: &str) -> ObservedOperation {
    let path = if context.is_empty() { title.to_owned() } else { format!("{context} / {title}") };
    ObservedOperation { path, context: context.to_owned(), status: OperationStatus::Succeeded }
}

fn observed() -> Observed {
    let (a, b) = ("CONTEXT/ParallelBranch a", "CONTEXT/ParallelBranch b");
    Observed {
        function: "order".into(),
        arn: "arn".into(),
        artifact: Artifact::Sha256(SHA256.into()),
        input: Some("{\"id\":42}".into()),
        status: ExecutionStatus::Succeeded,
        output: Some("\"done\"".into()),
        error: None,
        operations: vec![operation("", a), operation("", b), operation(a, "STEP pay"), operation(b, "STEP send")],
        history: HISTORY.map(str::to_owned).to_vec(),
    }
}

fn changed(change: impl FnOnce(&mut Observed)) -> Observed {
    let mut observed = observed();
    change(&mut observed);
    observed
}

/// Returns the aspects that differ, each with the first line of either side.
fn differences(cloud: &Observed, strict: bool) -> Vec<(&'static str, String, String)> {
    let first = |lines: &[String]| lines.first().cloned().unwrap_or_default();
    let comparison = compare(&observed(), cloud);
    let found = comparison.aspects.iter().filter_map(|compared| {
        let difference = compared.difference(strict)?;
        Some((compared.aspect.as_str(), first(&difference.local), first(&difference.cloud)))
    });
    found.collect()
}

fn entry(cloud: Observed) -> Entry {
    let outcome = Outcome::compared(observed(), cloud);
    Entry { target: "orders".into(), test: "a_<test>".into(), ordinal: 1, outcome }
}

#[test]
fn the_same_execution_is_equal_however_often_it_was_invoked() {
    let cloud = changed(|cloud| {
        cloud.history.insert(3, "InvocationCompleted".into());
        cloud.history.insert(5, "InvocationCompleted\t\tcrashed: Runtime.ExitError".into());
        cloud.arn = "another".into();
        cloud.artifact = Artifact::Sha256(SHA256.to_uppercase());
    });
    assert!(differences(&cloud, true).is_empty());
}

#[test]
fn payloads_are_compared_as_json() {
    let cloud = changed(|cloud| {
        cloud.output = Some(" \"done\" ".into());
        cloud.history[5] = HISTORY[5].replace("{\"paid\":true,\"cents\":5}", "{\"cents\": 5, \"paid\": true}");
    });
    assert!(differences(&cloud, true).is_empty());
    let twice = changed(|cloud| cloud.output = Some("\"\\\"done\\\"\"".into()));
    assert!(differences(&twice, true).is_empty());
    let other = changed(|cloud| cloud.output = Some("\"undone\"".into()));
    assert_eq!(differences(&other, false), [("output", "\"done\"".to_owned(), "\"undone\"".to_owned())]);
}

#[test]
fn another_step_is_a_difference_of_operations_and_history_with_both_lines() {
    let cloud = changed(|cloud| {
        cloud.operations[3] = operation("CONTEXT/ParallelBranch b", "STEP mail");
        for line in &mut cloud.history {
            *line = line.replace("STEP send", "STEP mail");
        }
    });
    let found = differences(&cloud, false);
    assert_eq!(found[0], ("operations", "  STEP send  SUCCEEDED".to_owned(), "  STEP mail  SUCCEEDED".to_owned()));
    assert_eq!(found[1].0, "history");
    // The cloud has no event of that operation.
    assert!(found[1].1.ends_with("STEP send") && found[1].2.is_empty(), "{found:?}");
}

#[test]
fn a_history_that_ends_early_differs_where_it_ends() {
    let cloud = changed(|cloud| {
        cloud.history.truncate(9);
        cloud.status = ExecutionStatus::Running;
    });
    let found = differences(&cloud, false);
    assert_eq!(found[0], ("status", "SUCCEEDED".to_owned(), "RUNNING".to_owned()));
    assert_eq!(found[1].0, "history");
    let lines = text::entry_lines(&entry(cloud), false).join("\n");
    assert!(lines.contains("ExecutionSucceeded"), "{lines}");
}

#[test]
fn another_order_of_concurrent_branches_counts_only_where_it_is_asked_for() {
    let cloud = changed(|cloud| {
        cloud.history.swap(5, 6);
        cloud.operations.swap(2, 3);
    });
    assert!(differences(&cloud, false).is_empty());
    assert_eq!(differences(&cloud, true).len(), 1);
    let comparison = compare(&observed(), &cloud);
    assert!(comparison.is_other_order());
    assert_eq!(comparison.first_difference(true).map(|compared| compared.aspect), Some(Aspect::History));
    let line = text::entry_lines(&entry(cloud), false).join("\n");
    assert!(line.starts_with("ok ") && line.ends_with("(another order of concurrent branches)"), "{line}");
}

#[test]
fn another_order_of_starts_in_one_context_is_a_difference() {
    let cloud = changed(|cloud| {
        cloud.history.swap(1, 2);
        cloud.operations.swap(0, 1);
    });
    assert_eq!(differences(&cloud, false)[0].0, "operations");
}

#[test]
fn errors_differ_in_type_and_message_and_not_in_the_request() {
    let failed = |id: &str, kind: &str| {
        changed(|observed| observed.error = Some(ErrorObject::new(kind, format!("RequestId: {id} it exited"))))
    };
    let local = failed("00000000-0000-4000-8000-000000000001", "Runtime.ExitError");
    let cloud = failed("f7c2f2f0-3c3d-4a6a-9a55-8f1d3d1b2c3e", "Runtime.ExitError");
    assert_eq!(compare(&local, &cloud).first_difference(true), None);
    let cloud = failed("f7c2f2f0-3c3d-4a6a-9a55-8f1d3d1b2c3e", "Runtime.OutOfMemory");
    assert_eq!(compare(&local, &cloud).first_difference(true).map(|compared| compared.aspect), Some(Aspect::Error));
}

#[test]
fn an_artifact_that_is_not_known_is_said_and_is_no_difference() {
    let unknown = changed(|cloud| cloud.artifact = Artifact::Unknown("not made by durabox deploy".into()));
    assert_eq!(compare(&observed(), &unknown).aspects[0].finding, Finding::Unknown);
    let lines = text::entry_lines(&entry(unknown), false);
    let artifact = "artifact unknown (not made by durabox deploy)";
    assert_eq!(lines, [format!("ok       orders::a_<test>  SUCCEEDED  4 operations  {artifact}")]);
    let known = text::entry_lines(&entry(observed()), false);
    assert_eq!(known, ["ok       orders::a_<test>  SUCCEEDED  4 operations  artifact 1a2b3c4d5e6f…"]);
    let other = changed(|cloud| cloud.artifact = Artifact::Sha256(SHA256.replace('1', "2")));
    assert_eq!(differences(&other, false)[0].0, "artifact");
}

#[test]
fn a_difference_is_shown_side_by_side_with_its_neighbours() {
    let long = "x".repeat(200);
    let cloud = changed(|cloud| {
        cloud.output = Some(format!("\"{long}!\""));
        cloud.history[5] = HISTORY[5].replace("\"cents\":5", "\"cents\":6");
    });
    let lines = text::entry_lines(&entry(cloud), false);
    assert_eq!(lines[0], "differs  orders::a_<test>  first in: output");
    let text = lines.join("\n");
    for words in [
        "  status      SUCCEEDED",
        "  first difference of the history\n",
        "    both   StepStarted  CONTEXT/ParallelBranch a / STEP pay\n",
        "    local  StepSucceeded  CONTEXT/ParallelBranch a / STEP pay",
        "\"cents\":5}",
        "\"cents\":6}",
    ] {
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
    }
    assert!(lines.iter().all(|line| line.chars().count() < 160), "{text}");
}

fn report(test: &str, verdict: Verdict, failure: Option<&str>) -> Report {
    let (target, test) = ("orders".to_owned(), test.to_owned());
    Report {
        package: "shop".into(),
        target,
        test,
        passed: failure.is_none(),
        failure: failure.map(str::to_owned),
        verdict,
    }
}

fn record(test: &str, ordinal: usize, mode: Mode) -> Record {
    Record { package: "shop".into(), target: "orders".into(), test: test.into(), ordinal, mode, execution: observed() }
}

/// Returns both runs of five tests, of which each ends in another way.
fn runs() -> (TestRun, TestRun) {
    let cloud = || Verdict::Cloud { because: None };
    let local = TestRun {
        reports: vec![
            report("equal", Verdict::Local, None),
            report("fails", Verdict::Local, None),
            report("local_only", Verdict::Local, None),
            report("more", Verdict::Local, None),
            report("none", Verdict::Local, None),
        ],
        records: vec![
            record("equal", 1, Mode::Local),
            record("equal", 2, Mode::Local),
            record("fails", 1, Mode::Local),
            record("local_only", 1, Mode::Local),
            record("more", 1, Mode::Local),
            record("more", 2, Mode::Local),
        ],
        failure: None,
    };
    let in_cloud = TestRun {
        reports: vec![
            report("equal", cloud(), None),
            report("fails", cloud(), Some("left is not right\n  at orders.rs")),
            report("local_only", Verdict::Skipped { because: "it takes a LocalRunner".into() }, None),
            report("more", cloud(), None),
            report("none", cloud(), None),
        ],
        records: vec![record("equal", 1, Mode::Cloud), record("equal", 2, Mode::Cloud), record("more", 1, Mode::Cloud)],
        failure: Some("cargo test ended with exit status: 101".into()),
    };
    (local, in_cloud)
}

#[test]
fn executions_are_paired_by_test_and_ordinal_and_the_rest_has_its_reason() {
    let (local, cloud) = runs();
    let entries = pair(&local, &cloud);
    let told: Vec<String> = entries.iter().map(|entry| text::entry_lines(entry, false).join("|")).collect();
    let equal = "SUCCEEDED  4 operations  artifact 1a2b3c4d5e6f…";
    assert_eq!(
        told,
        [
            format!("ok       orders::equal  {equal}"),
            format!("ok       orders::equal #2  {equal}"),
            "failed   orders::fails  in cloud mode|  left is not right|    at orders.rs".to_owned(),
            "skipped  orders::local_only  in the cloud: it takes a LocalRunner".to_owned(),
            format!("ok       orders::more  {equal}"),
            "differs  orders::more #2  2 executions locally, 1 in the cloud".to_owned(),
            "skipped  orders::none  it has no result of an execution".to_owned(),
        ]
    );
    assert_eq!(Tally::of(&entries, false), Tally { equal: 3, differ: 1, failed: 1, skipped: 2 });
    let last = text::lines(&entries, false).pop();
    let summary = "4 executions compared: 3 equal, 1 different; 1 failed, 2 skipped";
    assert_eq!(last.as_deref(), Some(summary));
}

#[test]
fn a_failure_that_no_test_reports_is_cargos() {
    let (local, mut cloud) = runs();
    cloud.reports.retain(|report| report.passed);
    let entries = pair(&local, &cloud);
    let last = entries.last().expect("an entry");
    assert_eq!((last.full_name().as_str(), last.outcome.judgement(false)), ("cargo test", Judgement::Failed));
}

#[test]
fn the_json_document_has_both_sides_and_the_first_difference() {
    let cloud = changed(|cloud| cloud.status = ExecutionStatus::Failed);
    let document = document::document(&[entry(cloud)], false);
    assert_eq!(document["equal"], false);
    assert_eq!(document["summary"]["differ"], 1);
    let run = &document["runs"][0];
    assert_eq!(run["outcome"], "differs");
    assert_eq!(run["firstDifference"]["aspect"], "status");
    assert_eq!(run["firstDifference"]["local"][0], "SUCCEEDED");
    assert_eq!(run["firstDifference"]["cloud"][0], "FAILED");
    assert_eq!(run["local"]["artifact"]["sha256"], SHA256);
    assert_eq!(run["aspects"].as_array().map(Vec::len), Some(6));
    let (local, cloud) = runs();
    let document = document::document(&pair(&local, &cloud), false);
    assert_eq!(document["runs"][2]["mode"], "cloud");
    assert_eq!(document["runs"][3]["reason"], "in the cloud: it takes a LocalRunner");
}

#[test]
fn junit_has_a_suite_to_a_target_and_what_differs_as_failures() {
    let cloud = changed(|cloud| cloud.output = Some("\"a & b\u{1}\"".into()));
    let xml = junit::document(&[entry(cloud)], false);
    for words in [
        "<testsuite name=\"orders\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">",
        "<testcase classname=\"orders\" name=\"a_&lt;test&gt;\">",
        "<failure type=\"differs\" message=\"differs first in: output\">",
        "&quot;a &amp; b",
    ] {
        assert!(xml.contains(words), "{words} is not in:\n{xml}");
    }
    assert!(!xml.contains('\u{1}'), "{xml}");
    let (local, cloud) = runs();
    let xml = junit::document(&pair(&local, &cloud), false);
    assert!(xml.contains("<skipped message=\"in the cloud: it takes a LocalRunner\"/>"), "{xml}");
    assert!(xml.contains("tests=\"7\" failures=\"2\">"), "{xml}");
    assert!(xml.contains("<failure type=\"failed\" message=\"failed in cloud mode\">"), "{xml}");
}

#[test]
fn an_observed_execution_is_read_as_it_was_written() {
    let record = record("equal", 1, Mode::Cloud);
    let line = serde_json::to_string(&record).expect("JSON");
    assert_eq!(serde_json::from_str::<Record>(&line).expect("a record"), record);
}
