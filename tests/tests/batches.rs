//! Maps and combinators over items that are drawn at random: whatever the order in which branches end,
//! wait and fail, results stand in the order of the input, no more run than may, and a replay comes to
//! the same.

use durabox::runtime::local::{Run, RunOptions};
use durabox::runtime::model::{ExecutionStatus, OperationType};
use durabox::runtime::verify::Verdict;
use durabox_tests::handlers::run_with;
use proptest::prelude::*;
use serde_json::{Value, json};

const HANDLER: &str = "drawn_batch";

type Ended = (Vec<(usize, bool)>, String);

fn items() -> impl Strategy<Value = Vec<(u64, bool)>> {
    prop::collection::vec((0..6_u64, prop::bool::weighted(0.3)), 1..9)
}

fn plan(kind: &str, items: &[(u64, bool)]) -> Value {
    let items: Vec<_> = items.iter().map(|(wait, fails)| json!({"wait": wait, "fails": fails})).collect();
    json!({"kind": kind, "items": items, "concurrency": null, "flat": false, "min_successful": null, "tolerated": null})
}

fn ended(run: &Run) -> Ended {
    assert_eq!(run.execution.status(), ExecutionStatus::Succeeded, "{:?}", run.execution.error());
    assert_eq!(run.shadow.as_ref().expect("a shadow replay").verdict, Verdict::Follows);
    serde_json::from_str(run.execution.result().expect("a result")).expect("the handler's result")
}

/// Runs a plan with the whole state at once, and in pages of one operation.
fn run(plan: &Value) -> (Run, Ended) {
    let whole = run_with(HANDLER, &plan.to_string(), RunOptions::default());
    let paged = run_with(HANDLER, &plan.to_string(), RunOptions { page_size: 1, ..RunOptions::default() });
    assert_eq!(whole.execution.events(), paged.execution.events());
    let result = ended(&whole);
    (whole, result)
}

/// Returns the most branches that were open at once, by the order of the history.
fn most_open(run: &Run) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for event in run.execution.events() {
        if event.sub_type.as_deref() == Some("MapIteration") {
            match event.details.event_type() {
                "ContextStarted" => open += 1,
                _ => open -= 1,
            }
            most = most.max(open);
        }
    }
    most
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_map_keeps_its_order_and_its_places(
        items in items(),
        concurrency in prop::option::of(1..5_usize),
        flat in any::<bool>(),
        tolerated in prop::option::of(0..9_usize),
        min in prop::option::of(1..9_usize),
    ) {
        let mut plan = plan("map", &items);
        plan["concurrency"] = json!(concurrency);
        plan["flat"] = json!(flat);
        plan["tolerated"] = json!(tolerated);
        let min = min.map(|min| min.min(items.len()));
        plan["min_successful"] = json!(min);
        let (run, (ended, reason)) = run(&plan);

        let indexes: Vec<_> = ended.iter().map(|(index, _)| *index).collect();
        prop_assert!(indexes.is_sorted_by(|a, b| a < b), "{indexes:?}");
        for (index, succeeded) in &ended {
            prop_assert_eq!(*succeeded, !items[*index].1);
        }
        if let (Some(concurrency), false) = (concurrency, flat) {
            prop_assert!(most_open(&run) <= concurrency);
        }
        let good = ended.iter().filter(|(_, succeeded)| *succeeded).count();
        let bad = ended.len() - good;
        match reason.as_str() {
            "ALL_COMPLETED" => prop_assert_eq!(ended.len(), items.len()),
            "MIN_SUCCESSFUL_REACHED" => prop_assert!(good >= min.expect("it was asked for")),
            "FAILURE_TOLERANCE_EXCEEDED" => prop_assert!(bad > tolerated.unwrap_or(0)),
            other => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn a_combinator_decides_by_what_ends_first(
        items in items(),
        kind in prop::sample::select(vec!["try_join_all", "join_all", "select_ok", "race"]),
    ) {
        let (run, (ended, _)) = run(&plan(kind, &items));
        let all_succeed = items.iter().all(|(_, fails)| !fails);
        match kind {
            "join_all" => prop_assert_eq!(ended.len(), items.len()),
            "try_join_all" => prop_assert_eq!(ended.len(), if all_succeed { items.len() } else { 0 }),
            // The first success: nothing that succeeds waits for less.
            "select_ok" => match ended.first() {
                Some((winner, _)) => {
                    let least = items.iter().filter(|(_, fails)| !fails).map(|(wait, _)| *wait).min();
                    prop_assert_eq!(Some(items[*winner].0), least);
                }
                None => prop_assert!(items.iter().all(|(_, fails)| *fails)),
            },
            _ => if let Some((winner, _)) = ended.first() {
                prop_assert_eq!(Some(items[*winner].0), items.iter().map(|(wait, _)| *wait).min());
            },
        }
        let combinator = run.execution.operations().iter().rev().find(|op| op.operation_type == OperationType::Context);
        prop_assert!(combinator.is_some());
    }
}
