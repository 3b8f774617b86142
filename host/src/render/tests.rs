use std::collections::HashMap;
use std::sync::Arc;

use durabox_runtime::engine::replay::{CallSite, Divergence, Identity, wire_id};
use durabox_runtime::model::{
    ErrorObject, ExecutionStatus, Operation, OperationStatus, OperationType, StepDetails, Timestamp,
};
use durabox_runtime::verify::{ClaimedOperation, Recorded, Report, Verdict};

use super::divergence::{Compared, diagnose};
use super::tree::tree;
use crate::source::Sources;

const STEP: OperationType = OperationType::Step;
const WAIT: OperationType = OperationType::Wait;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// Returns an operation that ran from `start` to `end`, seconds.
fn operation(path: &str, kind: OperationType, name: &str, start: u64, end: u64) -> Operation {
    let mut operation = Operation::started(wire_id(path), kind, at(start));
    operation.parent_id = path.rsplit_once('-').map(|(parent, _)| wire_id(parent));
    operation.name = Some(name.into());
    operation.sub_type = Some(sub_type(kind).into());
    operation.end_timestamp = Some(at(end));
    operation.status = OperationStatus::Succeeded;
    operation.step_details = (kind == STEP).then(|| StepDetails { attempt: 1, ..StepDetails::default() });
    operation
}

fn sub_type(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Step => "Step",
        OperationType::Wait => "Wait",
        _ => "RunInChildContext",
    }
}

fn recorded(operations: Vec<Operation>) -> Recorded {
    let execution = Operation::started("id", OperationType::Execution, at(0));
    let site = |(index, operation): (usize, &Operation)| {
        (operation.id.clone(), CallSite { file: "order.rs".into(), line: 10 + index as u32, column: 9 })
    };
    Recorded {
        durable_execution_arn: "arn:aws:lambda:us-east-1:1:function:order:$LATEST/durable-execution/order-42/id".into(),
        function_name: "order".into(),
        status: ExecutionStatus::Succeeded,
        input_payload: None,
        result: None,
        error: None,
        sites: operations.iter().enumerate().map(site).collect::<HashMap<_, _>>(),
        operations: std::iter::once(execution).chain(operations).map(Arc::new).collect(),
        events: Vec::new(),
    }
}

#[test]
fn a_tree_shows_nesting_times_attempts_and_errors() {
    let mut failed = operation("2-1", STEP, "charge", 10, 25);
    failed.status = OperationStatus::Failed;
    let error = Some(ErrorObject::new("PaymentError", "card\ndeclined").into());
    failed.step_details = Some(StepDetails { attempt: 3, error, ..StepDetails::default() });
    let context = operation("2", OperationType::Context, "pay", 10, 25);
    let tree = tree(&recorded(vec![operation("1", WAIT, "cool-down", 0, 10), context, failed]));
    assert_eq!(
        tree,
        [
            "operation          status     start  took  attempts  source",
            "├─ WAIT cool-down  SUCCEEDED  +0s    10s             order.rs:10",
            "└─ CONTEXT pay     SUCCEEDED  +10s   15s             order.rs:11",
            "   └─ STEP charge  FAILED     +10s   15s   3         order.rs:12",
            "         PaymentError: card declined",
        ]
    );
}

/// Returns what is said of a handler that, after `followed` of the record, asks for `kind name`.
fn cause_of(
    record: &[(OperationType, &str)],
    followed: usize,
    kind: OperationType,
    name: &str,
) -> (String, &'static str) {
    let path = |index: usize| (index + 1).to_string();
    let operations: Vec<Operation> =
        record.iter().enumerate().map(|(index, (kind, name))| operation(&path(index), *kind, name, 0, 1)).collect();
    let recorded = recorded(operations.clone());
    let claimed = Identity {
        path: path(followed).into(),
        operation_type: kind,
        sub_type: Some(sub_type(kind).into()),
        name: Some(name.into()),
        site: Some(CallSite { file: "order.rs".into(), line: 30, column: 9 }),
    };
    let claim = |path: &str, kind: OperationType, name: &str| ClaimedOperation {
        id: wire_id(path),
        path: path.into(),
        operation_type: kind,
        sub_type: sub_type(kind).into(),
        name: Some(name.into()),
        site: CallSite::default(),
    };
    let mut claims: Vec<_> =
        record[..followed].iter().enumerate().map(|(index, (kind, name))| claim(&path(index), *kind, name)).collect();
    claims.push(claim(&path(followed), kind, name));
    let divergence = match operations.get(followed) {
        Some(operation) => Divergence::Mismatch { recorded: Arc::new(operation.clone()), claimed },
        None => Divergence::Unrecorded { claimed },
    };
    let report = Report { verdict: Verdict::Diverges(divergence), claims, ambient_reads: Vec::new() };
    let diagnosis = diagnose(&recorded, &report, Compared::Build, &Sources::default()).expect("a divergence");
    (diagnosis.text("diverges"), diagnosis.cause.expect("a cause").kind())
}

#[test]
fn causes_are_told_apart_without_a_source() {
    let record = [(STEP, "reserve"), (WAIT, "cool-down"), (STEP, "charge")];
    for (followed, kind, name, cause) in [
        (1, STEP, "charge", "reordered"),
        (1, STEP, "cool-down", "retyped"),
        (1, WAIT, "pause", "renamed"),
        (1, STEP, "audit", "inserted"),
        (1, STEP, "reserve", "repeated"),
        (3, STEP, "audit", "inserted"),
        (3, STEP, "charge", "repeated"),
    ] {
        assert_eq!(cause_of(&record, followed, kind, name).1, cause, "{name} after {followed}");
    }
}

#[test]
fn a_divergence_shows_both_sides_and_what_is_around() {
    let record = [(STEP, "reserve"), (WAIT, "cool-down"), (STEP, "charge")];
    let (text, _) = cause_of(&record, 1, STEP, "charge");
    let expected = "\
diverges: STEP charge was asked for where the history has WAIT cool-down
  execution   order-42, operation 2
  recorded    WAIT cool-down  order.rs:11
  this build  STEP charge     order.rs:30

       recorded        this build
    1  STEP reserve    STEP reserve
  > 2  WAIT cool-down  STEP charge
    3  STEP charge

  likely cause: reordered: STEP charge ran after WAIT cool-down and now runs before it
";
    assert!(text.starts_with(expected), "{text}");
}
