use durabox_model::{ErrorObject, EventDetails, ExecutionStatus};

use super::support::{Scripts, answers, done, events, pending, run, seconds};
use crate::local::{CallbackAnswer, MockCall, RunOptions};

/// Returns a handler that invokes `function` once and answers with what came of it.
fn invoking(function: &'static str) -> Scripts {
    Scripts::default().handler("order", move |turn| {
        if turn.number == 1 {
            turn.invoke("call", function, r#"{"amount":7}"#);
            return pending();
        }
        done(turn.result("call").or_else(|| turn.error("call")).unwrap_or_default())
    })
}

#[test]
fn a_handler_is_invoked_by_name_in_an_execution_of_its_own() {
    let scripts = invoking("pay").handler("pay", |turn| {
        if turn.number == 1 {
            turn.wait("clearing", 30);
            return pending();
        }
        done("\"paid\"")
    });
    let told = run(scripts, RunOptions::default());
    assert_eq!(told.run.execution.result(), Some("\"paid\""));
    assert_eq!(told.invocations, ["0s order #1", "0s pay #1", "30s pay #2", "30s order #2"]);
    assert_eq!(events(&told.run), ["0s ChainedInvokeStarted call", "30s ChainedInvokeSucceeded call"]);

    let pay = &told.chained[0];
    assert_eq!(pay.execution.input(), Some(r#"{"amount":7}"#));
    let by = pay.invoked_by.as_ref().expect("a parent");
    assert_eq!((by.execution_arn.as_str(), by.operation_id.as_str()), (told.run.execution.arn(), "call"));
    let started = told.run.execution.events().iter().find_map(|event| match &event.details {
        EventDetails::ChainedInvokeStarted(started) => Some(&started.details),
        _ => None,
    });
    let started = started.expect("the invoke's event");
    assert_eq!(started.durable_execution_arn.as_deref(), Some(pay.execution.arn()));
    assert_eq!(started.executed_version.as_deref(), Some("$LATEST"));
}

#[test]
fn a_qualifier_takes_what_is_registered_for_it() {
    let told = |function| {
        let mut options = RunOptions::default();
        options.functions.add_result("pay", "\"any\"");
        options.functions.add_result("pay:live", "\"live\"");
        run(invoking(function), options).run.execution.result().map(str::to_owned)
    };
    assert_eq!(told("pay").as_deref(), Some("\"any\""));
    assert_eq!(told("pay:live").as_deref(), Some("\"live\""));
    assert_eq!(told("pay:7").as_deref(), Some("\"any\""));
    assert_eq!(told("arn:aws:lambda:eu-west-1:123456789012:function:pay:live").as_deref(), Some("\"live\""));
}

#[test]
fn a_mock_is_a_plain_function_that_sees_its_call() {
    let mut options = RunOptions::default();
    options.functions.add_mock("pay", |call: &MockCall| Ok(call.payload.clone()));
    let told = run(invoking("pay"), options);
    assert_eq!(told.run.execution.result(), Some(r#"{"amount":7}"#));
    assert!(told.chained.is_empty());
    assert_eq!(told.outside.calls.len(), 1);
    assert_eq!(told.outside.calls[0].function_name, "pay");

    let mut options = RunOptions::default();
    options.functions.add_error("pay", ErrorObject::new("CardDeclined", "no"));
    assert_eq!(run(invoking("pay"), options).run.execution.result(), Some("CardDeclined"));
}

#[test]
fn an_unknown_function_fails_as_lambdas_does_and_names_those_there_are() {
    let mut options = RunOptions::default();
    options.functions.add_result("payment", "1");
    let told = run(invoking("paiment:live"), options);
    assert_eq!(told.run.execution.result(), Some("ResourceNotFoundException"));
    let unknown = &told.outside.unknown_functions[0];
    assert_eq!(
        (unknown.asked.as_str(), unknown.known.as_slice()),
        ("paiment:live", &["order".to_owned(), "payment".to_owned()][..])
    );
    let message = unknown.error().error_message.expect("a message");
    assert_eq!(message, "Function not found: arn:aws:lambda:us-east-1:123456789012:function:paiment:live");
}

#[test]
fn the_target_of_an_invoke_may_wait_for_a_callback() {
    let scripts = invoking("pay").handler("pay", |turn| {
        if turn.number == 1 {
            turn.callback("approval", 60, 0);
            return pending();
        }
        done(turn.result("approval").unwrap_or_default())
    });
    let answer = CallbackAnswer::success("approval", Some("\"yes\"".into())).after(seconds(20));
    let told = run(scripts.clone(), answers(vec![answer]));
    assert_eq!(told.run.execution.result(), Some("\"yes\""));
    assert_eq!(told.invocations, ["0s order #1", "0s pay #1", "20s pay #2", "20s order #2"]);
}

#[test]
fn the_first_execution_that_can_go_on_does_and_ties_go_by_start_order() {
    let scripts = Scripts::default()
        .handler("order", |turn| {
            if turn.number == 1 {
                turn.invoke("a", "a", "1");
                turn.invoke("b", "b", "1");
                turn.wait("pause", 10);
            }
            let all = ["a", "b", "pause"].iter().all(|id| turn.ended(id));
            if all { done("over") } else { pending() }
        })
        .handler("a", |turn| {
            if turn.number == 1 {
                turn.wait("pause", 10);
                return pending();
            }
            done("1")
        })
        .handler("b", |_| done("2"));
    let told = run(scripts, RunOptions::default());
    let expected = ["0s order #1", "0s a #1", "0s b #1", "0s order #2", "10s order #3", "10s a #2", "10s order #4"];
    assert_eq!(told.invocations, expected);
}

#[test]
fn what_was_invoked_runs_to_its_end_though_its_parent_has_closed() {
    let scripts = Scripts::default()
        .handler("order", |turn| {
            turn.invoke("call", "audit", "1");
            done("1")
        })
        .handler("audit", |turn| {
            if turn.number == 1 {
                turn.wait("pause", 3600);
                return pending();
            }
            done("2")
        });
    let told = run(scripts, RunOptions::default());
    assert_eq!(told.invocations, ["0s order #1", "0s audit #1", "3600s audit #2"]);
    assert_eq!(told.chained[0].execution.status(), ExecutionStatus::Succeeded);
    assert_eq!(events(&told.run), ["0s ChainedInvokeStarted call"]);
}

#[test]
fn a_handler_that_invokes_itself_without_end_is_stopped() {
    let scripts = invoking("order");
    let options = RunOptions { max_chained_executions: 5, ..RunOptions::default() };
    let told = run(scripts, options);
    assert_eq!(told.chained.len(), 5);
    assert_eq!(told.run.execution.result(), Some("TooManyRequestsException"), "each handed the error on");
}

#[test]
fn an_invoked_execution_that_fails_or_times_out_says_so_to_its_parent() {
    let failing = invoking("pay").handler("pay", |_| {
        let output = durabox_model::InvocationOutput::failed(Some(ErrorObject::new("Declined", "no")));
        durabox_engine::service::InvocationEnd::Answered(output)
    });
    let told = run(failing, RunOptions::default());
    assert_eq!(events(&told.run)[1], "0s ChainedInvokeFailed call");
    assert_eq!(told.run.execution.result(), Some("Declined"));

    let slow = Scripts::default()
        .handler("order", |turn| {
            if turn.number == 1 {
                turn.wait("pause", 1);
                return pending();
            }
            if !turn.has("call") {
                turn.invoke("call", "pay", "1");
            }
            if turn.ended("call") { done(turn.error("call").unwrap_or_default()) } else { pending() }
        })
        .handler("pay", |turn| {
            turn.wait("long", 100);
            pending()
        });
    let told = run(slow, RunOptions { execution_timeout_seconds: 50, ..RunOptions::default() });
    assert_eq!(told.run.execution.status(), ExecutionStatus::TimedOut);
    assert_eq!(told.chained[0].execution.status(), ExecutionStatus::TimedOut);
    assert_eq!(
        told.chained[0]
            .execution
            .events()
            .last()
            .map(|event| event.event_timestamp.since(told.run.execution.start_timestamp()).as_secs()),
        Some(51)
    );
}
