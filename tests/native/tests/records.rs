//! The same handlers under the official SDK and in durabox: their records are equal.

use std::fmt::Write as _;

use durabox::runtime::local::{CallbackAnswer, CallbackSelector, RunOptions};
use durabox::runtime::model::{ExecutionStatus, Operation};
use durabox_native_tests::cases::{COMPARED, Callback, Case, NOT_COMPARED};
use durabox_native_tests::known::KNOWN;
use durabox_native_tests::record::{Difference, Record, Records, differences};
use durabox_native_tests::run_officially;
use durabox_tests::handlers;

fn compare(case: &Case) -> Vec<Difference> {
    differences(&run_officially(case), &run_in_durabox(case), case.ordered)
}

fn run_in_durabox(case: &Case) -> Records {
    // The timeouts are the handler's own: time goes on to them.
    let answers = (1..).zip(case.callbacks).filter_map(|(nth, callback)| match callback {
        Callback::Succeeds(result) => {
            Some(CallbackAnswer::success(CallbackSelector::any(), Some((*result).to_owned())).nth(nth))
        }
        Callback::TimesOut => None,
    });
    let options = RunOptions { callbacks: answers.collect(), ..RunOptions::default() };
    let execution = handlers::run_with(case.handler, case.input, options).execution;
    let status = match execution.status() {
        ExecutionStatus::Running | ExecutionStatus::Pausing | ExecutionStatus::Paused => "PENDING",
        closed => closed.as_str(),
    };
    Records {
        status: status.into(),
        result: execution.result().map(str::to_owned),
        error_type: execution.error().and_then(|error| error.error_type.clone()),
        error_message: execution.error().and_then(|error| error.error_message.clone()),
        operations: execution.operations()[1..].iter().map(|operation| record(operation)).collect(),
    }
}

fn record(operation: &Operation) -> Record {
    let error = operation.error();
    // Lambda counts the attempts that have ended; all but the one that ended the step were retried.
    let attempts = operation.step_details.as_ref().map_or(0, |details| details.attempt);
    Record {
        id: operation.id.to_string(),
        operation_type: operation.operation_type.as_str().into(),
        sub_type: operation.sub_type.as_ref().map(ToString::to_string),
        name: operation.name.as_ref().map(ToString::to_string),
        status: operation.status.as_str().into(),
        result: operation.result().map(str::to_owned),
        error_type: error.and_then(|error| error.error_type.clone()),
        error_message: error.and_then(|error| error.error_message.clone()),
        retries: attempts.saturating_sub(u32::from(operation.status.is_terminal())),
    }
}

#[test]
fn a_handler_makes_the_same_records_under_both_sdks_but_for_the_known_differences() {
    let mut report = String::new();
    for case in COMPARED {
        let found = compare(case);
        for Difference { of, field, official, durabox } in &found {
            if !KNOWN.iter().any(|known| known.covers(case.handler, of, field)) {
                let _ = writeln!(report, "{}: {of}: {field}\n  official  {official}", case.handler);
                let _ = writeln!(report, "  durabox   {durabox}");
            }
        }
        for known in KNOWN.iter().filter(|known| known.handler == case.handler) {
            for field in known.fields {
                if !found.iter().any(|difference| known.covers(case.handler, &difference.of, difference.field)) {
                    let _ = writeln!(
                        report,
                        "{}: {}: {field} differs no more: take it out of KNOWN",
                        case.handler, known.of
                    );
                }
            }
        }
    }
    assert!(
        report.is_empty(),
        "\n{report}\nhint: `src/known.rs` lists the differences that stand, each with its reason"
    );
}

#[test]
fn every_example_and_every_handler_of_the_conformance_suite_is_compared_or_left_out_for_a_reason() {
    let listed = |name: &str| {
        COMPARED.iter().any(|case| case.handler == name) || NOT_COMPARED.iter().any(|(handler, _)| *handler == name)
    };
    let examples = names("examples/src/bin");
    let suite = names("tests/handlers/src/bin").into_iter().filter(|name| is_of_the_suite(name));
    let missing: Vec<_> = examples.into_iter().chain(suite).filter(|name| !listed(name)).collect();
    assert!(
        missing.is_empty(),
        "{missing:?} are not in tests/native/src/cases.rs: a line each, in COMPARED or NOT_COMPARED"
    );
}

#[test]
fn what_is_listed_is_there_once() {
    let there = [names("examples/src/bin"), names("tests/handlers/src/bin")].concat();
    let compared = COMPARED.iter().map(|case| case.handler);
    let listed: Vec<_> = compared.chain(NOT_COMPARED.iter().map(|(handler, _)| *handler)).collect();
    for name in &listed {
        assert!(there.iter().any(|handler| handler == name), "{name} is listed, and there is no such handler");
        assert_eq!(listed.iter().filter(|other| other == &name).count(), 1, "{name} is listed twice");
    }
    for known in KNOWN {
        let is_compared = COMPARED.iter().any(|case| case.handler == known.handler);
        assert!(is_compared, "{} is in KNOWN and not in COMPARED", known.handler);
    }
}

/// Returns the handlers of a folder.
fn names(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(handlers::workspace().join(folder)).expect("a folder of handlers");
    let stem = |path: std::path::PathBuf| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    entries.filter_map(|entry| stem(entry.expect("an entry").path())).collect()
}

/// Whether a handler is named for an id of the suite: `step_1_12`.
fn is_of_the_suite(name: &str) -> bool {
    let mut parts = name.rsplit('_');
    let is_number = |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    is_number(parts.next()) && is_number(parts.next())
}
