//! Maps and combinators over items that are drawn at random: whatever the order in which branches end,
//! wait, fail and crash, results stand in the order of the input, no more run than may, and a replay
//! comes to the same.

use std::collections::BTreeSet;

use durabox::runtime::engine::replay::wire_id;
use durabox::runtime::local::{Run, RunOptions};
use durabox::runtime::model::{ExecutionStatus, OperationType};
use durabox::runtime::verify::Verdict;
use durabox_tests::directory::Directory;
use durabox_tests::handlers::run_with;
use proptest::prelude::*;
use serde_json::{Value, json};

const HANDLER: &str = "drawn_batch";

/// A crash in a row more than this fails the execution.
const MAX_CRASHES: usize = 3;

type Ended = (Vec<(usize, bool)>, String);

/// Seconds to wait, and how the item ends.
#[derive(Clone, Copy, Debug)]
struct Item {
    wait: u64,
    fails: bool,
    crashes: bool,
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let item = (0..6_u64, prop::bool::weighted(0.3), prop::bool::weighted(0.2));
    let item = item.prop_map(|(wait, fails, crashes)| Item { wait, fails, crashes });
    prop::collection::vec(item, 1..9).prop_map(|mut items| {
        for item in items.iter_mut().filter(|item| item.crashes).skip(MAX_CRASHES) {
            item.crashes = false;
        }
        items
    })
}

fn plan(kind: &str, items: &[Item]) -> Value {
    let drawn = |item: &Item| json!({"wait": item.wait, "fails": item.fails, "crashes": item.crashes});
    let items: Vec<_> = items.iter().map(drawn).collect();
    json!({"kind": kind, "items": items, "concurrency": null, "flat": false, "min_successful": null, "tolerated": null})
}

fn ended(run: &Run) -> Ended {
    assert_eq!(run.execution.status(), ExecutionStatus::Succeeded, "{:?}", run.execution.error());
    assert_eq!(run.shadow.as_ref().expect("a shadow replay").verdict, Verdict::Follows);
    serde_json::from_str(run.execution.result().expect("a result")).expect("the handler's result")
}

/// Runs a plan with the whole state at once, and in pages of one operation.
fn run(plan: &Value) -> (Run, Ended) {
    let run = |page_size| {
        let marks = Directory::new();
        let preopens = vec![marks.granted("/crashes", true)];
        run_with(HANDLER, &plan.to_string(), RunOptions { page_size, preopens, ..RunOptions::default() })
    };
    let (whole, paged) = (run(usize::MAX), run(1));
    assert_eq!(whole.execution.events(), paged.execution.events());
    let result = ended(&whole);
    (whole, result)
}

/// Returns the most branches that were open at once, by the order of the history: from the first
/// event of anything inside to the end of the step that each of them ends with. One that waits is open.
fn most_open(run: &Run, items: usize) -> usize {
    // The map takes the first position, its items the next, whether they are operations or not.
    let steps: Vec<_> = (0..items).map(|index| wire_id(&format!("{}-{}", index + 2, 2))).collect();
    let first: Vec<_> = (0..items).map(|index| wire_id(&format!("{}-{}", index + 2, 1))).collect();
    let item_of = |id: &str| first.iter().chain(&steps).position(|known| known == id).map(|at| at % items);
    let (mut open, mut most) = (BTreeSet::new(), 0);
    for event in run.execution.events() {
        let Some(item) = event.id.as_deref().and_then(item_of) else { continue };
        match event.details.event_type() {
            "StepSucceeded" => open.remove(&item),
            _ => open.insert(item),
        };
        most = most.max(open.len());
    }
    most
}

/// Returns how many invocations crashed.
fn crashes(run: &Run) -> usize {
    run.invocations.iter().filter(|invocation| invocation.crash.is_some()).count()
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
            prop_assert_eq!(*succeeded, !items[*index].fails);
        }
        let most = most_open(&run, items.len());
        prop_assert!(most > 0 && most <= concurrency.unwrap_or(items.len()), "{most} at once");
        let crashing = items.iter().filter(|item| item.crashes).count();
        prop_assert!(crashes(&run) <= crashing);
        let good = ended.iter().filter(|(_, succeeded)| *succeeded).count();
        let bad = ended.len() - good;
        match reason.as_str() {
            "ALL_COMPLETED" => {
                prop_assert_eq!(ended.len(), items.len());
                prop_assert_eq!(crashes(&run), crashing);
            }
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
        let all_succeed = items.iter().all(|item| !item.fails);
        match kind {
            "join_all" => prop_assert_eq!(ended.len(), items.len()),
            "try_join_all" => prop_assert_eq!(ended.len(), if all_succeed { items.len() } else { 0 }),
            // The first success: nothing that succeeds waits for less.
            "select_ok" => match ended.first() {
                Some((winner, _)) => {
                    let least = items.iter().filter(|item| !item.fails).map(|item| item.wait).min();
                    prop_assert_eq!(Some(items[*winner].wait), least);
                }
                None => prop_assert!(items.iter().all(|item| item.fails)),
            },
            _ => if let Some((winner, _)) = ended.first() {
                prop_assert_eq!(Some(items[*winner].wait), items.iter().map(|item| item.wait).min());
            },
        }
        let combinator = run.execution.operations().iter().rev().find(|op| op.operation_type == OperationType::Context);
        prop_assert!(combinator.is_some());
    }
}
