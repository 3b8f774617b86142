//! Handlers that misbehave, one to a file in `tests/handlers/src/bin`. None hangs, none harms the
//! host, and none passes silently where a replay would differ.

use std::time::{Duration, Instant};

use durabox::runtime::local::{self, CallbackAnswer, Run, RunOptions, controls};
use durabox::runtime::model::ExecutionStatus::{Failed, Succeeded};
use durabox::runtime::sandbox::Policy;
use durabox::runtime::verify::Verdict;
use durabox_tests::handlers::{artifact, block_on, run, run_with, sandbox};

fn failed(run: &Run, error_type: &str, words: &[&str]) {
    assert_eq!(run.execution.status(), Failed, "{:?}", run.execution.result());
    let error = run.execution.error().expect("a failed execution has an error");
    assert_eq!(error.error_type.as_deref(), Some(error_type), "{error:?}");
    let message = error.error_message.as_deref().unwrap_or_default();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
}

fn policy(policy: Policy) -> RunOptions {
    RunOptions { policy, ..RunOptions::default() }
}

#[test]
fn a_clock_read_in_handler_code_is_the_same_on_replay() {
    let run = run("reads_clock", "{}");
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
    assert_eq!(run.shadow.as_ref().expect("a shadow replay").verdict, Verdict::Follows);
    assert!(run.ambient_reads.is_empty(), "the default policy says nothing");
}

#[test]
fn a_clock_read_in_handler_code_is_reported_or_refused_on_request() {
    let run = run_with("reads_clock", "{}", policy(Policy::Warn));
    assert_eq!(run.execution.status(), Succeeded);
    assert!(!run.ambient_reads.is_empty());
    failed(&run_with("reads_clock", "{}", policy(Policy::Deny)), "Sandbox.Refused", &["clock", "step"]);
}

#[test]
fn random_numbers_in_handler_code_are_the_same_on_replay_or_refused_on_request() {
    let run = run("draws_random", "{}");
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
    assert_eq!(run.shadow.as_ref().expect("a shadow replay").verdict, Verdict::Follows);
    failed(&run_with("draws_random", "{}", policy(Policy::Deny)), "Sandbox.Refused", &["random", "step"]);
}

#[test]
fn a_sleep_in_handler_code_is_refused_with_the_way_out() {
    let before = Instant::now();
    failed(&run("sleeps", "{}"), "Sandbox.Refused", &["ctx.wait"]);
    // Not a measure of speed: an hour was asked for.
    assert!(before.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_sleep_in_a_step_takes_virtual_time_only() {
    let options = RunOptions { timeout: Duration::from_secs(2 * 3600), ..RunOptions::default() };
    let run = run_with("sleeps_in_step", "{}", options);
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
    let end = run.execution.end_timestamp().expect("an end");
    assert_eq!(end.since(run.execution.start_timestamp()).as_secs(), 3600);
    assert_eq!(run.execution.result(), Some("3600"));
}

#[test]
fn a_step_that_sleeps_past_the_timeout_is_cut_off() {
    let options = RunOptions { timeout: Duration::from_secs(900), ..RunOptions::default() };
    failed(&run_with("sleeps_in_step", "{}", options), "Sandbox.Timedout", &["900"]);
}

#[test]
fn operations_in_the_order_of_a_hash_map_are_caught_by_the_shadow_replay() {
    let run = run("iterates_hash_map", "{}");
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
    let verdict = &run.shadow.as_ref().expect("a shadow replay").verdict;
    assert!(matches!(verdict, Verdict::Diverges(_)), "{verdict:?}");
}

#[test]
fn a_result_in_the_order_of_a_hash_map_is_caught_by_the_shadow_replay() {
    let run = run("iterates_hash_map_into_result", "{}");
    let verdict = &run.shadow.as_ref().expect("a shadow replay").verdict;
    assert!(matches!(verdict, Verdict::ResultDiffers { .. }), "{verdict:?}");
}

#[test]
fn there_are_no_files_and_no_network() {
    for name in ["opens_file", "opens_socket"] {
        let run = run(name, "{}");
        let text = format!("{:?} {:?}", run.execution.result(), run.execution.error());
        let refused = ["ermission", "pre-opened", "denied", "No such file", "not supported"];
        assert!(refused.iter().any(|word| text.contains(word)), "{name}: {text}");
    }
}

#[test]
fn an_endless_loop_is_cut_off_at_the_timeout() {
    let options = RunOptions { timeout: Duration::from_secs(1), ..RunOptions::default() };
    let run = run_with("loops_forever", "{}", options);
    failed(&run, "Sandbox.Timedout", &["timed out", "1"]);
    assert_eq!(run.invocations.len(), 4, "three retries");
}

#[test]
fn memory_ends_at_its_limit() {
    let options = RunOptions { memory_limit: 64 * 1024 * 1024, ..RunOptions::default() };
    failed(&run_with("grows_memory", "{}", options), "Runtime.ExitError", &["memory", "64"]);
}

#[test]
fn a_panic_is_a_crash_with_its_message_and_place() {
    let run = run("panics", "{}");
    failed(&run, "Runtime.ExitError", &["panics.rs"]);
    assert!(run.invocations.iter().all(|invocation| invocation.crash.is_some()));
}

#[test]
fn an_exit_without_an_answer_is_a_crash() {
    failed(&run("exits", "{}"), "Runtime.ExitError", &["exit"]);
}

#[test]
fn a_stack_overflow_is_a_crash() {
    failed(&run("overflows_stack", "{}"), "Runtime.ExitError", &["stack"]);
}

#[test]
fn a_static_counter_starts_anew_with_every_invocation() {
    let run = run("reorders_steps", "{}");
    assert!(run.invocations.len() > 1);
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
    assert_eq!(run.shadow.as_ref().expect("a shadow replay").verdict, Verdict::Follows);
}

#[test]
fn a_step_left_out_on_replay_fails_the_execution_with_both_sides() {
    let run = run("drops_step_on_replay", "{}");
    failed(&run, "NonDeterministicExecutionError", &["STEP/Step", "WAIT/Wait", "drops_step_on_replay.rs"]);
}

#[test]
fn a_mismatch_cannot_be_swallowed() {
    failed(&run("swallows_mismatch", "{}"), "NonDeterministicExecutionError", &["swallows_mismatch.rs"]);
}

#[test]
fn a_result_over_the_limit_of_an_operation_fails_with_the_limit_the_size_and_the_place() {
    let words = ["STEP/Step \"fetch\"", "1048576", "1048577", "large_payload.rs:6"];
    failed(&run("large_payload", "{}"), "InvalidParameterValueException", &words);
}

#[test]
fn a_name_that_lambda_does_not_take_fails_with_the_letter_and_the_place() {
    let words = ["'ü'", "printable ASCII", "unicode_name.rs:6"];
    failed(&run("unicode_name", "{}"), "InvalidParameterValueException", &words);
}

#[test]
fn lines_are_captured_once_and_not_again_on_replay() {
    let run = run("prints_lines", "{}");
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
    let lines: Vec<&str> =
        run.invocations.iter().flat_map(|invocation| &invocation.logs).map(|line| line.message.as_str()).collect();
    let mut distinct = lines.clone();
    distinct.dedup();
    assert!(lines.len() >= 4, "{lines:?}");
    assert_eq!(distinct, lines, "no line twice");
}

#[test]
fn the_same_seed_gives_the_same_history_and_another_seed_other_numbers() {
    let events = |seed: u64| {
        let run = run_with("draws_random", "{}", RunOptions { seed, ..RunOptions::default() });
        run.execution.events().to_vec()
    };
    assert_eq!(events(7), events(7));
    assert_ne!(events(7), events(8), "the ids at least");
}

#[test]
fn a_batch_that_cannot_be_is_refused_with_both_sides_and_its_place() {
    for (wrong, words) in [
        ("concurrency", ["max_concurrency takes 1 or more", "got 0"]),
        ("successes", ["at most the number of items, 2", "got 3"]),
        ("percentage", ["must be 0-100", "got 101"]),
    ] {
        let run = run("bad_batch", &format!("{wrong:?}"));
        failed(&run, "ChildContextError", &words);
        failed(&run, "ChildContextError", &["bad_batch.rs:"]);
        assert_eq!(run.execution.operations().len(), 1, "nothing is recorded: {wrong}");
    }
}

#[test]
fn a_handler_that_returns_while_spawned_work_runs_is_told_which() {
    let run = run("leaves_work_running", "{}");
    failed(&run, "InvalidOperationUseError", &["`forgotten`", "leaves_work_running.rs:9", "await it"]);
}

#[test]
fn a_handler_that_returns_while_branches_run_is_told_which() {
    let run = run("returns_over_branches", "{}");
    failed(&run, "InvalidOperationUseError", &["`branches`", "returns_over_branches.rs:15", "await it"]);
}

#[test]
fn an_operation_inside_a_step_is_refused_with_both_places() {
    let words = [
        "WAIT/Wait \"inner\"",
        "operation_in_step.rs:10",
        "the body of STEP/Step \"outer\"",
        "operation_in_step.rs:13",
    ];
    failed(&run("operation_in_step", "{}"), "InvalidOperationUseError", &words);
}

#[test]
fn an_operation_on_a_context_that_has_ended_is_refused_with_both_places() {
    let words = [
        "WAIT/Wait \"late\"",
        "operation_after_context.rs:18",
        "\"short\"",
        "operation_after_context.rs:16",
        "has ended",
    ];
    failed(&run("operation_after_context", "{}"), "InvalidOperationUseError", &words);
}

#[test]
fn a_callback_that_is_answered_twice_refuses_the_second_answer_with_its_place() {
    let yes = || Some("true".into());
    let (controls, commands) = controls();
    let (run, second) = block_on(async {
        let handler = artifact("callback_answered_late");
        let run = local::run_controlled(sandbox(), &handler, "{}", RunOptions::default(), None, commands);
        let answers = async {
            controls.wait_for_callback("approval").await.expect("it opens");
            controls.succeed("approval", yes()).await.expect("it is open");
            controls.succeed("approval", yes()).await
        };
        tokio::join!(run, answers)
    });
    assert_eq!(run.expect("a run").execution.status(), Succeeded);
    let text = second.expect_err("it is answered").to_string();
    assert!(text.contains("\"approval\"") && text.contains("it is SUCCEEDED since"), "{text}");
    assert!(text.ends_with("callback_answered_late.rs:8)"), "{text}");
}

#[test]
fn an_answer_after_the_time_of_its_callback_is_refused_with_its_place() {
    let answer = CallbackAnswer::success("approval", Some("true".into())).after(Duration::from_secs(61));
    let options = RunOptions { callbacks: vec![answer], ..RunOptions::default() };
    let run = run_with("callback_answered_late", "{}", options);
    assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
    let [refused] = &*run.outside.refused_answers else { panic!("{:?}", run.outside.refused_answers) };
    let text = refused.reason.to_string();
    assert!(text.contains("\"approval\"") && text.contains("it is TIMED_OUT since"), "{text}");
    let site = refused.site.as_ref().expect("a place").to_string();
    assert!(site.ends_with("callback_answered_late.rs:8"), "{site}");
}
