//! Packages as Lambda runs them: their own bootstrap as a process, under a Runtime API and a checkpoint
//! API that behave, and that do not.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use durabox::package::check::{Packaged, Tested};
use durabox::package::{Package, unpacked};
use durabox::runtime::engine::service::{Execution, InvocationEnd};
use durabox::runtime::model::Event;
use durabox::runtime::model::ExecutionStatus::{self, Failed, Succeeded};
use durabox::runtime::precompiled::Architecture;
use durabox_tests::handlers::{component, run};
use durabox_tests::lambda_service::{ARN, Call, Fault, Finished, Function, Lambda, Options, architecture, packaged};
use serde_json::{Value, json};

fn execute(handler: &str, options: Options) -> Finished {
    Lambda::start().execute(&Function::new(handler), options)
}

fn with_faults(input: &str, faults: impl Fn(&Call) -> Option<Fault> + Send + Sync + 'static) -> Options {
    Options { faults: Arc::new(faults), ..Options::new(input) }
}

const HELLO: &str = r#"{"name":"Ada"}"#;
const GREETING: Option<&str> = Some("\"Hello, Ada!\"");

/// Expects how an execution ended, and that the log has a line with these words.
fn ended(finished: &Finished, status: ExecutionStatus, result: Option<&str>, log: &[&str]) {
    let execution = &finished.execution;
    let messages = finished.messages();
    assert_eq!(execution.status(), status, "{:?}\n{messages:#?}", execution.error());
    assert_eq!(execution.result(), result);
    let is_logged = messages.iter().any(|message| log.iter().all(|word| message.contains(word)));
    assert!(log.is_empty() || is_logged, "no line with {log:?} in {messages:#?}");
    let other = finished.logs.iter().find(|line| !line.is_object());
    assert_eq!(other, None, "every line is a JSON object");
}

/// Returns the error types of the invocations that crashed.
fn crashes(finished: &Finished) -> Vec<&str> {
    fn crash(end: &InvocationEnd) -> Option<&str> {
        match end {
            InvocationEnd::Crashed(error) => error.error_type.as_deref(),
            InvocationEnd::Answered(_) => None,
        }
    }
    finished.ends.iter().filter_map(crash).collect()
}

/// Returns the events of a history, each with its operation's name.
fn events(execution: &Execution) -> Vec<String> {
    let event = |event: &Event| format!("{} {}", event.details.event_type(), event.name.as_deref().unwrap_or("-"));
    execution.events().iter().map(event).collect()
}

#[test]
fn a_package_runs_and_its_history_is_that_of_a_local_run() {
    for (handler, input) in [("hello_world", HELLO), ("order", r#"{"id":"42","amount":1299}"#), ("map", "[1,2,3]")] {
        let finished = execute(handler, Options::new(input));
        let local = run(handler, input);
        assert_eq!(finished.execution.status(), local.execution.status(), "{handler}: {:#?}", finished.messages());
        assert_eq!(finished.execution.result(), local.execution.result(), "{handler}");
        assert_eq!(events(&finished.execution), events(&local.execution), "{handler}");
        assert_eq!(crashes(&finished), [""; 0], "{handler}");
    }
}

#[test]
fn a_state_in_pages_of_one_operation_is_read_whole() {
    let options = Options { page_size: 1, ..Options::new(r#"{"id":"42","amount":1299}"#) };
    let finished = execute("order", options);
    ended(&finished, Succeeded, run("order", r#"{"id":"42","amount":1299}"#).execution.result(), &[]);
    assert!(finished.calls.iter().any(|call| !call.is_checkpoint && call.invocation == 2), "{:?}", finished.calls);
}

#[test]
fn a_result_too_large_for_the_answer_goes_by_a_checkpoint() {
    let finished = execute("large_result", Options::new("{}"));
    assert_eq!(finished.execution.status(), Succeeded, "{:?}", finished.execution.error());
    assert_eq!(finished.execution.result().map(str::len), Some(6 * 1024 * 1024 - 30));
    let last = finished.calls.last().expect("a checkpoint");
    assert_eq!(last.updates, ["EXECUTION SUCCEED"]);
    let Some(InvocationEnd::Answered(answer)) = finished.ends.last() else { panic!("an answer") };
    assert_eq!(answer.result.as_deref(), Some(""));
}

#[test]
fn a_result_that_is_too_large_as_text_inside_the_answer_goes_by_a_checkpoint() {
    // Each quote of it takes two bytes there: 4.8 million bytes become 7.2 million.
    let input = json!(vec!["a"; 1_200_000]).to_string();
    let finished = execute("invoke_target_echo", Options::new(&input));
    ended(&finished, Succeeded, Some(&input), &[]);
    assert_eq!(finished.calls.last().expect("a checkpoint").updates, ["EXECUTION SUCCEED"]);
}

#[test]
fn a_step_has_the_real_clock_and_random_numbers_and_what_is_between_steps_stays_as_it_was() {
    let seconds = || SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is set").as_secs();
    let before = seconds();
    let [first, second] = [(), ()].map(|()| {
        let finished = execute("reads_world_in_step", Options::new("{}"));
        let read = finished.execution.result().and_then(|result| serde_json::from_str::<(u64, u64)>(result).ok());
        read.unwrap_or_else(|| panic!("{:?}", finished.execution))
    });
    assert!((before..=seconds()).contains(&first.0), "{} is no time of this test", first.0);
    assert_ne!(first.1, second.1, "two random numbers of 64 bits");
    // It names a step by what it reads, which a replay would not find again under another name.
    for handler in ["draws_random", "reads_clock"] {
        assert_eq!(execute(handler, Options::new("{}")).execution.status(), Succeeded, "{handler}");
    }
}

#[test]
fn log_lines_say_where_they_come_from() {
    let finished = execute("prints_lines", Options::new("{}"));
    ended(&finished, Succeeded, Some("null"), &[]);
    let line = |message: &str| finished.logs.iter().find(|line| line["message"] == message).expect(message);
    let logged = line("logged in the step");
    assert_eq!(logged["executionArn"], ARN);
    assert_eq!(logged["durableExecutionArn"], ARN);
    assert_eq!(
        [&logged["level"], &logged["operationName"], &logged["attempt"], &logged["kind"]],
        [&json!("INFO"), &json!("print"), &json!(1), &json!("step")]
    );
    for member in ["requestId", "operationId", "timestamp"] {
        assert!(logged[member].is_string(), "{logged}");
    }
    assert_eq!(line("before the step")["operationId"], Value::Null);
    assert_eq!(line("in the step")["operationName"], "print");
    assert_ne!(line("before the step")["requestId"], line("after the wait")["requestId"]);
    let count = |message: &str| finished.messages().iter().filter(|known| **known == message).count();
    assert_eq!(count("before the step"), 1, "what an earlier invocation has shown is not shown again");
}

#[test]
fn a_refused_checkpoint_that_may_heal_is_sent_again_with_the_same_client_token() {
    for fault in [
        Fault::Refused(429, "TooManyRequestsException", "Rate exceeded"),
        Fault::Refused(500, "ServiceException", "Service encountered an error"),
        Fault::Lost,
        Fault::Slow(Duration::from_millis(300)),
    ] {
        let slow = matches!(fault, Fault::Slow(_));
        let finished =
            execute("hello_world", with_faults(HELLO, move |call| (call.number == 1).then(|| fault.clone())));
        ended(&finished, Succeeded, GREETING, &[]);
        let tokens: Vec<_> = finished.calls.iter().map(|call| call.client_token.as_deref()).collect();
        assert_eq!(tokens.len(), if slow { 1 } else { 2 }, "{tokens:?}");
        assert!(tokens[0].is_some() && tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
        assert_eq!(events(&finished.execution), events(&run("hello_world", HELLO).execution));
    }
}

#[test]
fn every_checkpoint_has_a_client_token_of_its_own() {
    let finished = execute("order", Options::new(r#"{"id":"42","amount":1299}"#));
    let tokens: Vec<_> = finished.calls.iter().map(|call| call.client_token.as_deref().expect("a token")).collect();
    let different: std::collections::BTreeSet<_> = tokens.iter().collect();
    assert!(tokens.len() > 2 && different.len() == tokens.len(), "{tokens:?}");
}

#[test]
fn a_service_that_stays_down_crashes_the_invocation_and_lambda_retries_it() {
    for (status, code) in [(429, "TooManyRequestsException"), (500, "ServiceException"), (503, "ServiceException")] {
        let faults = move |call: &Call| (call.invocation == 1).then_some(Fault::Refused(status, code, "not now"));
        let finished = execute("hello_world", with_faults(HELLO, faults));
        ended(&finished, Succeeded, GREETING, &["CheckpointDurableExecution failed", code, "not now", "retries"]);
        assert_eq!(crashes(&finished), [code]);
        let attempts = finished.calls.iter().filter(|call| call.invocation == 1).count();
        assert_eq!(attempts, 3, "as often as every AWS SDK tries");
    }
}

#[test]
fn a_lost_connection_crashes_the_invocation_and_what_was_applied_is_not_done_twice() {
    let finished = execute("hello_world", with_faults(HELLO, |call| (call.invocation == 1).then_some(Fault::Lost)));
    ended(&finished, Succeeded, GREETING, &["CheckpointDurableExecution failed", "NetworkError"]);
    assert_eq!(crashes(&finished), ["NetworkError"]);
    let ends = events(&finished.execution).iter().filter(|event| *event == "StepSucceeded greet").count();
    assert_eq!(ends, 1);
}

#[test]
fn a_stale_token_crashes_the_invocation_in_either_spelling() {
    for message in ["Invalid checkpoint token", "Invalid Checkpoint Token"] {
        let fault = Fault::Refused(400, "InvalidParameterValueException", message);
        let faults = move |call: &Call| (call.invocation == 1).then(|| fault.clone());
        let finished = execute("hello_world", with_faults(HELLO, faults));
        ended(&finished, Succeeded, GREETING, &["CheckpointDurableExecution failed", message]);
        assert_eq!(crashes(&finished), ["InvalidParameterValueException"]);
    }
}

#[test]
fn a_rejected_checkpoint_fails_the_execution() {
    for (status, code) in
        [(400, "InvalidParameterValueException"), (403, "AccessDeniedException"), (502, "KMSDisabledException")]
    {
        let faults = move |_: &Call| Some(Fault::Refused(status, code, "never"));
        let finished = execute("hello_world", with_faults(HELLO, faults));
        ended(&finished, Failed, None, &["CheckpointDurableExecution was rejected", code, "never"]);
        let error = finished.execution.error().expect("an error");
        assert_eq!(error.error_type.as_deref(), Some(code));
        assert_eq!(crashes(&finished), [""; 0]);
    }
}

#[test]
fn a_state_that_cannot_be_read_is_no_reason_to_begin() {
    let order = r#"{"id":"42","amount":1299}"#;
    let read = |call: &Call| call.invocation == 2 && !call.is_checkpoint;
    let down = move |call: &Call| read(call).then_some(Fault::Refused(500, "ServiceException", "not now"));
    let finished = execute("order", Options { page_size: 1, ..with_faults(order, down) });
    ended(&finished, Succeeded, run("order", order).execution.result(), &["GetDurableExecutionState failed"]);
    assert_eq!(crashes(&finished), ["ServiceException"]);
    let denied = move |call: &Call| read(call).then_some(Fault::Refused(403, "AccessDeniedException", "not allowed"));
    let finished = execute("order", Options { page_size: 1, ..with_faults(order, denied) });
    ended(&finished, Failed, None, &["GetDurableExecutionState was rejected", "not allowed"]);
}

#[test]
fn a_handler_that_crashes_is_retried_and_what_it_had_done_stays_done() {
    for (handler, words) in [("panics", "the handler panicked at"), ("exits", "exited with code 0")] {
        let finished = execute(handler, Options::new("{}"));
        ended(&finished, Failed, None, &["the invocation crashed", "Runtime.ExitError", words]);
        assert_eq!(crashes(&finished), ["Runtime.ExitError"; 4], "{handler}");
        let ends = events(&finished.execution).iter().filter(|event| event.starts_with("StepSucceeded")).count();
        assert_eq!(ends, 1, "{handler}");
    }
}

#[test]
fn a_step_that_outlasts_the_invocation_is_cut_off_before_lambda_kills_the_process() {
    let options = Options { told: Some(Duration::from_millis(500)), ..Options::new("{}") };
    let finished = execute("sleeps_in_step", options);
    ended(&finished, Failed, None, &["the invocation crashed", "Sandbox.Timedout"]);
    assert_eq!(crashes(&finished), ["Sandbox.Timedout"; 4]);
    let messages = finished.messages();
    let words = "Task timed out after 0.4";
    assert!(messages.iter().any(|message| message.contains(words)), "the bootstrap itself says so: {messages:#?}");
    let starts = events(&finished.execution).iter().filter(|event| *event == "StepStarted nap").count();
    assert_eq!(starts, 1, "that it had started is told");
}

#[test]
fn a_checkpoint_that_is_never_answered_ends_with_the_invocations_time() {
    let faults = |call: &Call| (call.invocation == 1).then_some(Fault::Silence);
    let options = Options { told: Some(Duration::from_millis(500)), ..with_faults(HELLO, faults) };
    let finished = execute("hello_world", options);
    let words = "CheckpointDurableExecution had no answer when the invocation's time was up";
    ended(&finished, Succeeded, GREETING, &["the invocation crashed", "Sandbox.Timedout", words]);
    assert_eq!(crashes(&finished), ["Sandbox.Timedout"]);
}

#[test]
fn a_state_that_takes_the_invocations_time_leaves_none_to_begin_with() {
    let order = r#"{"id":"42","amount":1299}"#;
    let slow = |call: &Call| {
        let is_slow = call.invocation == 2 && !call.is_checkpoint;
        // The handler would be stopped 300 ms before the end of 3,000.
        is_slow.then_some(Fault::Slow(Duration::from_millis(2_800)))
    };
    let options = Options { page_size: 2, told: Some(Duration::from_secs(3)), ..with_faults(order, slow) };
    let finished = execute("order", options);
    let words = ["the invocation crashed", "Sandbox.Timedout", "nothing was begun"];
    ended(&finished, Succeeded, run("order", order).execution.result(), &words);
    assert_eq!(crashes(&finished), ["Sandbox.Timedout"]);
    let told = finished.calls.iter().filter(|call| call.invocation == 2 && call.is_checkpoint).count();
    assert_eq!(told, 0, "the handler was not begun");
}

#[test]
fn what_is_no_answer_of_lambda_says_what_it_is() {
    let fault = Fault::Refused(403, "", "<html>blocked by a proxy</html>");
    let finished = execute("hello_world", with_faults(HELLO, move |_| Some(fault.clone())));
    ended(&finished, Failed, None, &["was rejected", "UnknownError", "blocked by a proxy", "HTTP 403"]);
}

#[test]
fn nothing_is_begun_when_the_time_is_up() {
    let options = Options { told: Some(Duration::from_millis(10)), ..Options::new(HELLO) };
    let finished = execute("hello_world", options);
    ended(
        &finished,
        Failed,
        None,
        &["the invocation crashed", "nothing was begun", "are left of the invocation's time"],
    );
    assert_eq!(crashes(&finished), ["Sandbox.Timedout"; 4]);
    assert!(finished.calls.is_empty(), "{:?}", finished.calls);
}

#[test]
fn a_process_that_lambda_kills_at_any_call_does_nothing_twice_that_was_acknowledged() {
    let order = r#"{"id":"42","amount":1299}"#;
    let expected = run("order", order);
    let calls = execute("order", Options::new(order)).calls.len();
    assert!(calls > 3, "{calls} calls");
    // Each call is the last that the process makes: before it is applied, and after.
    let forever = Fault::Slow(Duration::from_secs(3600));
    for (last, fault) in (1..=calls).flat_map(|last| [(last, Fault::Silence), (last, forever.clone())]) {
        let what = format!("{fault:?} at call {last}");
        let faults = move |call: &Call| (call.number == last).then(|| fault.clone());
        let (timeout, told) = (Duration::from_secs(1), Some(Duration::from_secs(60)));
        let finished = execute("order", Options { timeout, told, ..with_faults(order, faults) });
        ended(&finished, Succeeded, expected.execution.result(), &[]);
        assert!(crashes(&finished).contains(&"Sandbox.Timedout"), "{what}: {:?}", finished.ends);
        let events = events(&finished.execution);
        for step in ["reserve", "charge", "close"] {
            let ends = events.iter().filter(|event| **event == format!("StepSucceeded {step}")).count();
            assert_eq!(ends, 1, "{what}: {step} in {events:?}");
        }
    }
}

#[test]
fn an_event_that_is_not_durable_is_refused_in_the_official_words() {
    for (event, words) in [
        (json!({"name": "Ada"}), "invocation payload is not a durable execution envelope (missing"),
        (json!("Ada"), "invocation payload is not a durable execution envelope (missing"),
        (
            json!({"DurableExecutionArn": ARN, "InitialExecutionState": {}}),
            "malformed invocation envelope: required field \"CheckpointToken\" is missing",
        ),
    ] {
        let finished = execute("hello_world", Options { event: Some(event), ..Options::new(HELLO) });
        ended(&finished, Failed, None, &[words]);
        assert!(finished.calls.is_empty());
    }
}

/// Expects a function not to start, and to say why to Lambda and in its log.
fn does_not_start(function: &Function, words: &[&str]) {
    let finished = Lambda::start().execute(function, Options::new(HELLO));
    ended(&finished, Failed, None, &[&["the function cannot start"], words].concat());
    assert!(!finished.init_errors.is_empty());
    let message = finished.init_errors[0]["errorMessage"].as_str().unwrap_or_default();
    assert!(words.iter().all(|word| message.contains(word)), "{message}");
}

#[test]
fn a_component_that_is_not_the_packaged_one_is_refused() {
    let function = Function::new("hello_world");
    fs::copy(component("order"), function.file("handler.wasm")).expect("another component");
    does_not_start(&function, &["handler.wasm is not the wasm that was packaged", "SHA-256"]);
    // A manifest that was changed to fit does not make its compiled form fit.
    let order = packaged("order").manifest.handler.sha256;
    function.change_manifest(|manifest| manifest["handler"]["sha256"] = json!(order));
    does_not_start(&function, &["the compiled form belongs to the wasm with SHA-256"]);
}

#[test]
fn a_compiled_form_that_does_not_fit_is_refused() {
    let changed = |change: fn(&mut Value)| {
        let function = Function::new("hello_world");
        function.change_manifest(change);
        function
    };
    let other_engine = changed(|manifest| manifest["precompiled"]["engine"] = json!("wasmtime 47"));
    does_not_start(&other_engine, &["made by wasmtime 47, this is wasmtime 48"]);
    let other_cpu = changed(|manifest| manifest["precompiled"]["cpu"] = json!("x86-64-v4"));
    does_not_start(&other_cpu, &["for the processor x86-64-v4"]);
    let other_durabox = changed(|manifest| manifest["durabox"] = json!("0.0.1"));
    does_not_start(&other_durabox, &["manifest.json was made by durabox 0.0.1"]);
    let other_manifest = changed(|manifest| *manifest = json!({"manifestVersion": 2, "functions": []}));
    does_not_start(&other_manifest, &["manifest.json has version 2, this durabox reads 1"]);

    let damaged = Function::new("hello_world");
    let mut code = fs::read(damaged.file("handler.cwasm")).expect("a compiled form");
    code[5000] ^= 1;
    fs::write(damaged.file("handler.cwasm"), code).expect("a file");
    does_not_start(&damaged, &["handler.cwasm", "is damaged"]);

    let there = Architecture::ALL.into_iter().find(|known| *known != architecture()).expect("another");
    let other_machine = Function::new("hello_world");
    other_machine.change_manifest(|manifest| manifest["precompiled"]["architecture"] = json!(there));
    does_not_start(&other_machine, &["the compiled form is for", there.as_str()]);
}

#[test]
fn steps_ask_allowed_hosts_only() {
    let server = durabox_tests::server::Server::start(|_| Some(durabox_tests::server::Answer::new(200, "answered")));
    let input = json!({"url": server.url("/")}).to_string();
    // The package allows this machine.
    let finished = execute("http_request", Options::new(&input));
    assert_eq!(finished.execution.status(), Succeeded, "{:?}", finished.execution.error());
    let function = Function::new("http_request").with_variable("DURABOX_ALLOWED_HOSTS", "api.test");
    let finished = Lambda::start().execute(&function, Options::new(&input));
    ended(&finished, Failed, None, &["the execution failed", "Sandbox.Refused", "only `api.test`"]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_zip_is_the_same_each_time_and_holds_what_was_tested() {
    let (zip, again) = (packaged("hello_world"), packaged("hello_world"));
    assert!(zip.bytes == again.bytes, "byte for byte");
    let files = unpacked(&zip.bytes).expect("a zip");
    let names: Vec<_> = files.iter().map(|(name, _, is_program)| (name.as_str(), *is_program)).collect();
    let expected = [("bootstrap", true), ("handler.cwasm", false), ("handler.wasm", false), ("manifest.json", false)];
    assert_eq!(names, expected);
    assert!(files[2].1 == fs::read(component("hello_world")).expect("a component"), "the tested bytes");
    assert!(files[0].1.len() <= 15 * 1024 * 1024, "the bootstrap has {} bytes", files[0].1.len());
}

#[test]
fn a_check_tells_the_tested_artifact_from_others() {
    let wasm = fs::read(component("hello_world")).expect("a component");
    let parts = |zip: &[u8], tested: &[u8]| {
        let bootstrap = Some(durabox_tests::lambda_service::program());
        let tested = Tested { function: "hello_world", wasm: tested, allowed_hosts: None, bootstrap };
        let differences = Packaged::read(zip).expect("a package").check(&tested).differences;
        differences.into_iter().map(|difference| difference.part().to_owned()).collect::<Vec<_>>()
    };
    let zip = packaged("hello_world").bytes;
    assert_eq!(parts(&zip, &wasm), [""; 0]);
    let other = fs::read(component("order")).expect("a component");
    assert_eq!(parts(&zip, &other), ["handler.wasm", "handler.cwasm"]);
    let foreign = Package {
        function: "hello_world",
        wasm: &wasm,
        bootstrap: b"#!/bin/sh\n",
        architecture: architecture(),
        allowed_hosts: &[],
    };
    assert_eq!(parts(&foreign.zip().expect("a zip").bytes, &wasm), ["bootstrap", "bootstrap, its SHA-256"]);
    assert!(Packaged::read(b"no zip").is_err());
}
