use durabox_model::{ErrorObject, ExecutionStatus};

use super::support::{Scripts, Told, answers, done, events, pending, run, seconds};
use crate::local::{CallbackAnswer, RunOptions};

/// Returns a handler that opens these callbacks (name, timeout, heartbeat timeout), waits for each,
/// and answers with their results or error types.
fn opening(callbacks: &'static [(&'static str, u64, u64)]) -> Scripts {
    Scripts::default().handler("order", move |turn| {
        for (name, timeout, heartbeat) in callbacks {
            if !turn.has(name) {
                turn.callback(name, *timeout, *heartbeat);
            }
        }
        if !callbacks.iter().all(|(name, ..)| turn.ended(name)) {
            return pending();
        }
        let said = |name: &str| turn.result(name).or_else(|| turn.error(name)).unwrap_or_default();
        done(callbacks.iter().map(|(name, ..)| said(name)).collect::<Vec<_>>().join(" "))
    })
}

fn result(told: &Told) -> &str {
    assert_eq!(told.run.execution.status(), ExecutionStatus::Succeeded, "{:?}", told.run.execution.error());
    told.run.execution.result().expect("a result")
}

fn yes() -> Option<String> {
    Some("yes".into())
}

#[test]
fn an_answer_comes_when_its_time_has_come() {
    let answer = CallbackAnswer::success("approval", yes()).after(seconds(90));
    let told = run(opening(&[("approval", 300, 0)]), answers(vec![answer]));
    assert_eq!(result(&told), "yes");
    assert_eq!(events(&told.run), ["0s CallbackStarted approval", "90s CallbackSucceeded approval"]);
    assert_eq!(told.invocations, ["0s order #1", "90s order #2"]);
}

#[test]
fn without_an_answer_the_timeout_comes_in_virtual_time() {
    let told = run(opening(&[("approval", 86_400, 0)]), RunOptions::default());
    assert_eq!(result(&told), "Callback.Timeout");
    assert_eq!(told.invocations, ["0s order #1", "86400s order #2"]);
}

#[test]
fn heartbeats_keep_a_callback_alive_until_they_stop() {
    let heartbeats = [50, 100].map(|after| CallbackAnswer::heartbeat("approval").after(seconds(after)));
    let told = run(opening(&[("approval", 0, 60)]), answers(heartbeats.to_vec()));
    assert_eq!(result(&told), "Callback.Heartbeat");
    assert_eq!(told.invocations, ["0s order #1", "160s order #2"]);
}

#[test]
fn answers_are_used_once_in_order_and_by_pattern() {
    let told = run(
        opening(&[("a-1", 0, 0), ("a-2", 0, 0), ("b", 10, 0)]),
        answers(vec![
            CallbackAnswer::success("a-*", Some("first".into())),
            CallbackAnswer::failure("a-*", ErrorObject::new("Declined", "no")),
            CallbackAnswer::success("c", yes()),
        ]),
    );
    assert_eq!(result(&told), "first Declined Callback.Timeout");
    let unused: Vec<_> = told.outside.unused_answers.iter().map(|answer| answer.callback.as_str()).collect();
    assert_eq!(unused, ["c"]);
    assert_eq!(told.run.callback_names(), ["a-1", "a-2", "b"]);
}

#[test]
fn the_nth_callback_of_a_pattern_can_be_meant() {
    let answer = CallbackAnswer::success("a-*", yes()).nth(2);
    let told = run(opening(&[("a-1", 10, 0), ("a-2", 10, 0)]), answers(vec![answer]));
    assert_eq!(result(&told), "Callback.Timeout yes");
}

#[test]
fn an_answer_at_the_instant_of_the_timeout_is_in_time_and_a_later_one_is_refused() {
    let at = |after| answers(vec![CallbackAnswer::success("approval", yes()).after(seconds(after))]);
    let told = run(opening(&[("approval", 10, 0)]), at(10));
    assert_eq!(result(&told), "yes");

    let told = run(opening(&[("approval", 10, 0), ("other", 20, 0)]), at(11));
    assert_eq!(result(&told), "Callback.Timeout Callback.Timeout");
    let refused = &told.outside.refused_answers[0];
    assert!(refused.reason.to_string().contains("\"approval\""), "{}", refused.reason);
    assert!(refused.reason.to_string().contains("TIMED_OUT since 2026-01-01T00:00:10"), "{}", refused.reason);
}

#[test]
fn a_callback_wakes_the_handler_though_it_waits_for_something_else() {
    let scripts = Scripts::default().handler("order", |turn| {
        if turn.number == 1 {
            turn.callback("approval", 0, 0);
            turn.wait("pause", 6);
        }
        if turn.ended("pause") { done("over") } else { pending() }
    });
    let answer = CallbackAnswer::success("approval", yes()).after(seconds(2));
    let told = run(scripts, answers(vec![answer]));
    assert_eq!(told.invocations, ["0s order #1", "2s order #2", "6s order #3"]);
}

#[test]
fn an_answer_comes_before_a_timer_of_the_same_instant() {
    let scripts = Scripts::default().handler("order", |turn| {
        if turn.number == 1 {
            turn.wait("pause", 5);
            turn.callback("approval", 0, 0);
        }
        if turn.ended("pause") && turn.ended("approval") { done("over") } else { pending() }
    });
    let answer = CallbackAnswer::success("approval", yes()).after(seconds(5));
    let told = run(scripts, answers(vec![answer]));
    let expected = [
        "0s WaitStarted pause",
        "0s CallbackStarted approval",
        "5s CallbackSucceeded approval",
        "5s WaitSucceeded pause",
    ];
    assert_eq!(events(&told.run), expected);
}

#[test]
fn an_answer_that_falls_due_while_a_step_takes_its_time_is_told_at_the_next_checkpoint() {
    let scripts = Scripts::default().handler("order", |turn| {
        if turn.number == 1 {
            turn.callback("approval", 20, 0);
            turn.clock.advance(seconds(30));
            turn.look();
        }
        done(turn.result("approval").or_else(|| turn.error("approval")).unwrap_or_default())
    });
    let at = |after| answers(vec![CallbackAnswer::success("approval", yes()).after(seconds(after))]);
    // Both are over when the function looks; what came first counts.
    let told = run(scripts.clone(), at(15));
    assert_eq!(result(&told), "yes");
    assert_eq!(events(&told.run)[1], "15s CallbackSucceeded approval");
    assert_eq!(result(&run(scripts, at(25))), "Callback.Timeout");
}

#[test]
fn an_answer_that_falls_due_while_a_step_takes_its_time_beats_a_later_timeout_without_a_checkpoint() {
    let scripts = Scripts::default().handler("order", |turn| {
        if turn.number == 1 {
            turn.callback("approval", 20, 0);
            turn.clock.advance(seconds(30));
            return pending();
        }
        done(turn.result("approval").or_else(|| turn.error("approval")).unwrap_or_default())
    });
    let answer = CallbackAnswer::success("approval", yes()).after(seconds(15));
    let told = run(scripts, answers(vec![answer]));
    assert_eq!(result(&told), "yes");
    assert_eq!(told.invocations, ["0s order #1", "30s order #2"]);
}

#[test]
fn a_run_that_waits_for_an_answer_that_nobody_gives_ends_open() {
    let told = run(opening(&[("approval", 0, 0)]), RunOptions::default());
    assert_eq!(told.run.execution.status(), ExecutionStatus::Running);
    let open: Vec<_> = told.outside.open_callbacks.iter().map(|open| open.title()).collect();
    assert_eq!(open, ["approval"]);

    let asked = RunOptions { execution_timeout_seconds: 600, ..RunOptions::default() };
    let told = run(opening(&[("approval", 0, 0)]), asked);
    assert_eq!(told.run.execution.status(), ExecutionStatus::TimedOut, "the caller asked for this timeout");
}

#[test]
fn small_pages_hide_no_callback() {
    const NAMES: [(&str, u64, u64); 4] = [("a", 0, 0), ("b", 0, 0), ("c", 0, 0), ("d", 0, 0)];
    let all = ["d", "c", "b", "a"].map(|name| CallbackAnswer::success(name, Some(name.to_uppercase())));
    let options = RunOptions { page_size: 1, ..answers(all.to_vec()) };
    assert_eq!(result(&run(opening(&NAMES), options)), "A B C D");
}
