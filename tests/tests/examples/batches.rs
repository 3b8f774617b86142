//! Maps and parallels: what each item came to, when enough is enough, and what is recorded.

use std::time::Duration;

use durabox::OperationStatus::{Failed, Succeeded};
use durabox::{DurableRunner, Fault, LocalRunner};
use serde_json::json;

use super::{crashes, error_of, statuses, took, tree, waits};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Results stand in the order of the input; each item is a context with its step.
#[durabox::test(handler = "map", lambda_function_name = "map")]
async fn map_squares_in_the_order_of_the_input(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<Vec<u32>>()?, [9, 1, 4]);
    assert_eq!(statuses(&result, "squares"), [Succeeded; 3]);
    let steps =
        ["CONTEXT squares", "  CONTEXT -", "    STEP -", "  CONTEXT -", "    STEP -", "  CONTEXT -", "    STEP -"];
    assert_eq!(tree(&result), steps);
}

/// Wherever an invocation is cut off, each item has its result in the end.
#[durabox::test(handler = "map")]
async fn map_survives_a_lost_answer_to_any_checkpoint(runner: LocalRunner) {
    for nth in 1.. {
        let result = runner.clone().with_fault(Fault::LoseAnswer(nth)).run(&json!({})).await?;
        assert_eq!(result.output::<Vec<u32>>()?, [9, 1, 4], "checkpoint {nth}");
        if crashes(&result) == 0 {
            assert!(nth > 1, "there was nothing to lose");
            break;
        }
    }
}

/// One failure is tolerated: the batch says which item it was.
#[durabox::test(handler = "map_batch", lambda_function_name = "map_batch")]
async fn map_batch_tells_what_each_item_came_to(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "[10, 20, 40] reserved, items [2] failed, ALL_COMPLETED");
    assert_eq!(result.operations().len(), 5);
    assert_eq!(statuses(&result, "reserve"), [Succeeded, Succeeded, Failed, Succeeded]);
    let failed = result.operation_at("reserve/#3").and_then(|item| item.error()).expect("the third has failed");
    let message = failed.error_message.as_deref().unwrap_or_default();
    assert!(message.contains("3 is out of stock"), "{message}");
}

/// Flat nesting leaves the contexts of the items out.
#[durabox::test(handler = "map_flat", lambda_function_name = "map_flat")]
async fn map_flat_records_only_the_steps(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<Vec<usize>>()?, [1, 2]);
    assert_eq!(result.operations().len(), 3);
    assert_eq!(result.operations_named("measure").count(), 2);
}

/// Items go by the names that they are given, in the tree and in paths.
#[durabox::test(handler = "map_item_namer", lambda_function_name = "map_item_namer")]
async fn map_item_namer_names_each_item(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<Vec<String>>()?, ["Lima: sun", "Oslo: sun"]);
    let expected = ["CONTEXT forecasts", "  CONTEXT Lima", "    STEP ask", "  CONTEXT Oslo", "    STEP ask"];
    assert_eq!(tree(&result), expected);
    let asked = result.operation_at("forecasts/Oslo/ask").and_then(|step| step.result());
    assert_eq!(asked, Some(r#""Oslo: sun""#));
}

/// 400,000 bytes are too many for one record: the map keeps a summary, and its items the pages.
#[durabox::test(handler = "map_large", lambda_function_name = "map_large")]
async fn map_large_records_no_large_result(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<usize>()?, 400_000);
    assert_eq!(result.operations().len(), 10);
    let pages = result.operation("pages").expect("the map");
    assert!(pages.replays_children(), "a replay rebuilds it");
    assert!(pages.result().map_or(0, str::len) < 256 * 1024);
    assert_eq!(waits(&result, "proof"), [60]);
}

/// The items rebuild the result in every later invocation, also when the state comes in pages.
#[durabox::test(handler = "map_large")]
async fn map_large_is_rebuilt_from_pages_of_one_operation(runner: LocalRunner) {
    let result = runner.with_page_size(1).run(&json!({})).await?;
    assert_eq!(result.output::<usize>()?, 400_000);
    assert_eq!((result.invocations().len(), took(&result)), (2, Duration::from_secs(60)));
    assert_eq!(result.warnings(), Vec::<String>::new(), "no record is above 256 KiB");
}

/// More than a fifth has failed after five of ten, one by one.
#[durabox::test(handler = "map_percentage", lambda_function_name = "map_percentage")]
async fn map_percentage_is_given_up(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "5 of 10 tried, FAILURE_TOLERANCE_EXCEEDED");
    assert_eq!(statuses(&result, "odd"), [Failed, Succeeded, Failed, Succeeded, Failed]);
    assert_eq!(result.operations().len(), 6);
}

/// Each item sleeps for days of its own, and the results stand in the order of the input.
#[durabox::test(handler = "map_waits", lambda_function_name = "map_waits")]
async fn map_waits_sleeps_in_each_item(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<Vec<String>>()?, ["day 3", "day 1", "day 2"]);
    assert_eq!(result.operations().len(), 7);
    assert_eq!(statuses(&result, "reminders"), [Succeeded; 3]);
    assert_eq!(waits(&result, "until"), [3 * DAY, DAY, 2 * DAY]);
}

/// The waits run at once: three days in all, and each item ends on its day.
#[durabox::test(handler = "map_waits")]
async fn map_waits_takes_as_long_as_the_longest(runner: LocalRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(took(&result), Duration::from_secs(3 * DAY));
    let reminders = result.operation("reminders").expect("the map");
    let days = result.children(reminders).map(|item| {
        let end = item.end_timestamp.expect("each has ended");
        end.since(result.start()).as_secs() / DAY
    });
    assert_eq!(days.collect::<Vec<_>>(), [3, 1, 2]);
}

/// Two failures in a row are enough for a criterion of the handler's own.
#[durabox::test(handler = "completion_predicate", lambda_function_name = "completion_predicate")]
async fn completion_predicate_stops_after_two_failures_in_a_row(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "stopped after 5, PREDICATE_MATCHED");
    assert_eq!(statuses(&result, "probe"), [Succeeded, Failed, Succeeded, Failed, Failed]);
    assert_eq!(result.operations().len(), 6);
}

/// Each branch goes by its name.
#[durabox::test(handler = "parallel", lambda_function_name = "parallel")]
async fn parallel_looks_up_both(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "3 left, 99 EUR");
    let expected = ["CONTEXT look-up", "  CONTEXT stock", "    STEP -", "  CONTEXT price", "    STEP -"];
    assert_eq!(tree(&result), expected);
}

/// Two quotes are enough: the branch that waits for the third is given up as it stands.
#[durabox::test(handler = "parallel_first_two", lambda_function_name = "parallel_first_two")]
async fn parallel_first_two_gives_the_slow_one_up(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<Vec<String>>()?, ["quick", "fair"]);
    assert_eq!(result.operations().len(), 7);
    assert_eq!(waits(&result, "answer"), [48 * HOUR, HOUR, 5 * HOUR]);
    for (branch, has_ended) in [("quotes/slow", false), ("quotes/quick", true), ("quotes/fair", true)] {
        let status = result.operation_at(branch).map(|branch| branch.status);
        assert_eq!(status.map(|status| status.is_terminal()), Some(has_ended), "{branch}");
    }
    assert_eq!(error_of(&result, "quotes"), None);
}

/// Nobody waits for the slow one: it is over after five hours, not after two days.
#[durabox::test(handler = "parallel_first_two")]
async fn parallel_first_two_takes_five_hours(runner: LocalRunner) {
    assert_eq!(took(&runner.run(&json!({})).await?), Duration::from_secs(5 * HOUR));
}
