use std::pin::pin;

use durabox_model::{ErrorObject, ExecutionStatus};

use super::support::{Scripts, Told, done, drive, events, pending};
use crate::local::{ControlError, Controls, OpenCallback, RunOptions, controls};

/// Runs scripts beside somebody who controls them; both on this thread, and the controller first
/// whenever both can go on, so that nothing races.
fn controlled<T>(scripts: Scripts, control: impl AsyncFnOnce(Controls) -> T) -> (Told, T) {
    let (controls, commands) = controls();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let run = drive(scripts, RunOptions::default(), commands);
    runtime.block_on(async {
        let (mut run, mut control) = (pin!(run), pin!(control(controls)));
        let value = tokio::select! {
            biased;
            value = &mut control => value,
            told = &mut run => return (told.expect("a run"), control.await),
        };
        (run.await.expect("a run"), value)
    })
}

/// Returns a handler that opens a callback of 60 seconds, and waits for it beside a timer of 6.
fn order() -> Scripts {
    Scripts::default().handler("order", |turn| {
        if turn.number == 1 {
            turn.callback("approval", 60, 0);
            turn.wait("pause", 6);
        }
        if !turn.ended("pause") || !turn.ended("approval") {
            return pending();
        }
        done(turn.result("approval").or_else(|| turn.error("approval")).unwrap_or_default())
    })
}

fn yes() -> Option<String> {
    Some("yes".into())
}

#[test]
fn time_stands_still_while_a_callback_is_open() {
    let (told, open) = controlled(order(), async |controls| {
        let open: OpenCallback = controls.wait_for_callback("approval").await.expect("it opens");
        controls.succeed(open.id.as_str(), yes()).await.expect("it is open");
        open
    });
    assert_eq!(open.name.as_deref(), Some("approval"));
    assert_eq!(open.timeout, Some(open.start.plus_seconds(60)));
    assert_eq!(told.run.execution.result(), Some("yes"));
    assert_eq!(told.invocations, ["0s order #1", "0s order #2", "6s order #3"]);
}

#[test]
fn a_failure_and_a_heartbeat_are_sent_by_name() {
    let (told, ()) = controlled(order(), async |controls| {
        controls.wait_for_callback("approval").await.expect("it opens");
        controls.heartbeat("approval").await.expect("it is open");
        controls.fail("approval", ErrorObject::new("Declined", "no")).await.expect("it is open");
    });
    assert_eq!(told.run.execution.result(), Some("Declined"));
}

#[test]
fn a_released_callback_runs_into_its_timeout() {
    let (told, ()) = controlled(order(), async |controls| {
        controls.wait_for_callback("*").await.expect("it opens");
        controls.release("approval").await.expect("it is open");
        // Nothing holds the run, so this goes on to its end.
        assert_eq!(controls.wait_for_callback("*").await, Err(ControlError::Over));
    });
    assert_eq!(told.run.execution.result(), Some("Callback.Timeout"));
    assert!(events(&told.run).contains(&"60s CallbackTimedOut approval".to_owned()));
}

#[test]
fn a_run_goes_on_when_nobody_controls_it_any_more() {
    let (told, ()) = controlled(order(), async |controls| {
        controls.wait_for_callback("approval").await.expect("it opens");
    });
    assert_eq!(told.run.execution.result(), Some("Callback.Timeout"));
}

#[test]
fn a_second_answer_is_refused_with_name_status_and_time() {
    let (_, (second, third)) = controlled(order(), async |controls| {
        let open = controls.wait_for_callback("approval").await.expect("it opens");
        controls.succeed("approval", yes()).await.expect("it is open");
        (controls.succeed(open.id, yes()).await, controls.heartbeat("approval").await)
    });
    let expected =
        "callback \"approval\" takes an answer while it is STARTED, it is SUCCEEDED since 2026-01-01T00:00:00.000Z";
    assert_eq!(second.expect_err("closed").to_string(), expected);
    assert_eq!(third.expect_err("closed").to_string(), expected);
}

#[test]
fn an_answer_after_the_run_is_refused_in_the_same_words() {
    let (told, refused) = controlled(order(), async |controls| {
        controls.wait_for_callback("approval").await.expect("it opens");
        controls.succeed("approval", yes()).await.expect("it is open");
        assert_eq!(controls.wait_for_callback("other").await, Err(ControlError::Over));
        controls.succeed("approval", yes()).await
    });
    assert_eq!(refused, Err(ControlError::Over));
    let late = told.run.late_answer(&"approval".into()).to_string();
    assert!(late.ends_with("it is SUCCEEDED since 2026-01-01T00:00:00.000Z"), "{late}");
    let unknown = told.run.late_answer(&"other".into()).to_string();
    assert_eq!(unknown, "no callback `other` has started; those that have: `approval`");
}

#[test]
fn an_unknown_callback_is_answered_with_those_that_have_started() {
    let (_, refused) = controlled(order(), async |controls| {
        controls.wait_for_callback("approval").await.expect("it opens");
        controls.succeed("aproval", yes()).await
    });
    let refused = refused.expect_err("no such callback").to_string();
    assert_eq!(refused, "no callback `aproval` has started; those that have: `approval`");
}

#[test]
fn waiting_for_a_callback_lets_time_pass_but_not_past_the_timeout_of_one_that_is_held() {
    let scripts = |later: u64| {
        Scripts::default().handler("order", move |turn| {
            match turn.number {
                1 => {
                    turn.callback("first", 60, 0);
                    turn.wait("pause", later);
                }
                _ if turn.ended("pause") && !turn.has("second") => turn.callback("second", 0, 0),
                _ => {}
            }
            let all = ["first", "second"].iter().all(|id| turn.ended(id));
            if all { done("over") } else { pending() }
        })
    };
    let (told, ()) = controlled(scripts(30), async |controls| {
        controls.wait_for_callback("second").await.expect("it opens after 30 seconds");
        controls.succeed("first", yes()).await.expect("it is open still");
        controls.succeed("second", yes()).await.expect("it is open");
    });
    assert_eq!(told.run.execution.status(), ExecutionStatus::Succeeded);

    let (told, error) = controlled(scripts(90), async |controls| {
        controls.wait_for_callback("second").await.expect_err("the first one would time out before")
    });
    assert_eq!(error.to_string(), "callback `second` has not started, and the run waits for `first`");
    assert_eq!(told.run.execution.status(), ExecutionStatus::Running, "nobody answered the second one");
}

#[test]
fn a_callback_that_never_opens_is_waited_for_until_the_run_is_over() {
    let scripts = Scripts::default().handler("order", |_| done("1"));
    let (_, refused) = controlled(scripts, async |controls| controls.wait_for_callback("approval").await);
    assert_eq!(refused, Err(ControlError::Over));
}
