//! What is tried again: steps, blocks of steps, and checks of a condition.

use std::collections::BTreeSet;
use std::time::Duration;

use durabox::{DurableRunner, Fault, LocalRunner, OperationStatus, Policy};
use serde_json::json;

use super::{attempts, crashes, delays, took, tree, waits};

/// A step that fails twice succeeds with its third attempt.
#[durabox::test(handler = "retries", lambda_function_name = "retries")]
async fn retries_until_there_is_an_answer(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "answered attempt 3");
    assert_eq!(tree(&result), ["STEP fetch"]);
    assert_eq!(attempts(&result, "fetch"), Some(3));
    assert_eq!(delays(&result, "fetch").len(), 2);
}

/// The execution sleeps between attempts: each has an invocation of its own.
#[durabox::test(handler = "retries")]
async fn retries_sleeps_between_its_attempts(runner: LocalRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.invocations().len(), 3);
    assert_eq!(took(&result).as_secs(), delays(&result, "fetch").iter().sum::<u64>());
}

/// The seed decides the jitter: the same one gives the same delays, and others give others.
#[durabox::test(handler = "retries")]
async fn retries_are_spread_by_the_seed(runner: LocalRunner) {
    let mut seen = BTreeSet::new();
    for seed in 0..8 {
        let seeded = runner.clone().with_seed(seed);
        let first = delays(&seeded.run(&json!({})).await?, "fetch");
        assert_eq!(first, delays(&seeded.run(&json!({})).await?, "fetch"), "seed {seed}");
        assert!((1..=5).contains(&first[0]) && (1..=10).contains(&first[1]), "{first:?}");
        seen.insert(first);
    }
    assert!(seen.len() > 1, "{seen:?}");
}

/// A crash is no failure of the step: the attempt that it cut off is made again.
#[durabox::test(handler = "retries")]
async fn retries_makes_an_attempt_again_that_a_crash_cut_off(runner: LocalRunner) {
    let result = runner.with_fault(Fault::CrashInStep("fetch".into(), 2)).run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "answered attempt 3");
    assert_eq!((crashes(&result), attempts(&result, "fetch")), (1, Some(3)));
    assert_eq!(result.invocations().len(), 4);
}

/// Delays grow by the backoff rate, up to the longest.
#[durabox::test(handler = "retry_jitter", lambda_function_name = "retry_jitter")]
async fn retry_jitter_records_its_delays(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "fetched with the last attempt");
    assert_eq!(attempts(&result, "fetch"), Some(4));
    assert_eq!(delays(&result, "fetch"), [10, 30, 60]);
}

/// Virtual time passes by the delays, to the second.
#[durabox::test(handler = "retry_jitter")]
async fn retry_jitter_takes_the_sum_of_its_delays(runner: LocalRunner) {
    assert_eq!(took(&runner.run(&json!({})).await?), Duration::from_secs(100));
}

/// A timeout is worth another attempt, a declined card is not.
#[durabox::test(handler = "retry_decision", lambda_function_name = "retry_decision")]
async fn retry_decision_stops_at_an_error_that_stays(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "card declined");
    assert_eq!(tree(&result), ["STEP charge"]);
    assert_eq!(attempts(&result, "charge"), Some(2));
    assert_eq!(delays(&result, "charge"), [30]);
}

/// Checks run until one finds what it looks for, and their state is carried from one to the next.
#[durabox::test(handler = "wait_for_condition", lambda_function_name = "wait_for_condition")]
async fn wait_for_condition_checks_until_it_holds(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "120 %");
    assert_eq!(tree(&result), ["STEP export"]);
    assert_eq!(attempts(&result, "export"), Some(3));
    assert_eq!(delays(&result, "export").len(), 2);
}

/// The strategy gives up after three delays of ten minutes, and the handler goes on.
#[durabox::test(handler = "condition_deadline", lambda_function_name = "condition_deadline")]
async fn condition_deadline_gives_up(runner: DurableRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<String>()?, "left: half an hour is enough");
    assert_eq!(tree(&result), ["STEP lobby"]);
    assert_eq!(result.operation("lobby").map(|check| check.status), Some(OperationStatus::Failed));
    assert_eq!(delays(&result, "lobby"), [600, 600, 600]);
}

/// Half an hour of virtual time takes four invocations, one to a check.
#[durabox::test(handler = "condition_deadline")]
async fn condition_deadline_takes_half_an_hour(runner: LocalRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(took(&result), Duration::from_secs(30 * 60));
    assert_eq!(result.invocations().len(), 4);
}

/// Steps read virtual time: the office opens after 90 seconds, and the third attempt finds it open.
#[durabox::test(handler = "with_retry")]
async fn with_retry_runs_the_block_again_from_its_first_step(runner: LocalRunner) {
    let result = runner.run(&json!({})).await?;
    assert_eq!(result.output::<u32>()?, 7);
    assert_eq!(
        tree(&result),
        [
            "STEP look-up",
            "CONTEXT booking",
            "  CONTEXT attempt-1",
            "    STEP reserve",
            "    STEP confirm",
            "  WAIT retry-delay-1",
            "  CONTEXT attempt-2",
            "    STEP reserve",
            "    STEP confirm",
            "  WAIT retry-delay-2",
            "  CONTEXT attempt-3",
            "    STEP reserve",
            "    STEP confirm",
        ]
    );
    let (first, second) = (waits(&result, "retry-delay-1"), waits(&result, "retry-delay-2"));
    assert_eq!((first, second), (vec![60], vec![60]));
    assert_eq!(took(&result), Duration::from_secs(120));
}

/// A clock that is read in steps alone is none that a policy minds.
#[durabox::test(handler = "with_retry")]
async fn with_retry_reads_the_clock_only_in_steps(runner: LocalRunner) {
    let denied = runner.clone().with_policy(Policy::Deny).run(&json!({})).await?;
    assert_eq!(denied.output::<u32>()?, 7);
    let warned = runner.with_policy(Policy::Warn).run(&json!({})).await?;
    assert_eq!(warned.output::<u32>()?, 7);
    assert!(warned.ambient_reads().is_empty(), "{:?}", warned.ambient_reads());
}
