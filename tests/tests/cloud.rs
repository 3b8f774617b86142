//! The cloud runner against a stand-in for Lambda: what it asks, how it waits, what it says.

use std::time::Duration;

use durabox::cloud::{Cause, CloudSettings, Variable, metering};
use durabox::golden::signature;
use durabox::{
    CloudError, CloudRunner, DurableRunner, ErrorObject, ExecutionStatus, LocalRunner, Mode, OperationType, RunError,
    TestResult, block_on,
};
use durabox_tests::handlers::component;
use durabox_tests::lambda::{StandIn, error, running};
use durabox_tests::server::{Answer, Server};
use serde_json::{Value, json};

const SHORT: Duration = Duration::from_millis(1);

fn runner(server: &Server) -> CloudRunner {
    CloudRunner::new("f:1").with_region("us-east-1").with_endpoint(server.url("")).with_poll_interval(SHORT)
}

fn stand_in(handler: &str) -> StandIn {
    StandIn { handler: handler.into(), ..StandIn::default() }
}

fn run(runner: &CloudRunner, input: &Value) -> Result<TestResult, RunError> {
    block_on(runner.run(input).into_future()).expect("a runtime")
}

fn failure(result: Result<TestResult, RunError>) -> CloudError {
    match result {
        Err(RunError::Cloud(error)) => *error,
        other => panic!("an error of the cloud was expected, got {other:?}"),
    }
}

/// Returns what a person reads of an error of a server that answers every request in this way.
fn said(answer: impl Fn() -> Option<Answer> + Send + Sync + 'static) -> (Option<Cause>, String) {
    let server = Server::start(move |_| answer());
    let error = failure(run(&runner(&server), &json!(null)));
    let cause = error.cause();
    let text = format!("{:?}", RunError::from(error)).replace(&server.url(""), "ENDPOINT");
    (cause, text)
}

#[test]
fn one_test_has_the_same_result_in_both_modes() {
    for (handler, input) in [("order", json!({ "id": "42", "amount": 1299 })), ("retries", json!({}))] {
        let server = stand_in(handler).start();
        let local = DurableRunner::from(LocalRunner::from_artifact(component(handler)));
        let cloud = DurableRunner::from(runner(&server));
        assert_eq!((local.mode(), cloud.mode()), (Mode::Local, Mode::Cloud));
        let results = block_on(async { (local.run(&input).await, cloud.run(&input).await) }).expect("a runtime");
        let (local, cloud) = (results.0.expect("a run"), results.1.expect("a run"));
        assert_eq!(local.status(), cloud.status(), "{handler}");
        assert_eq!(local.output::<Value>().ok(), cloud.output::<Value>().ok(), "{handler}");
        assert_eq!(local.error(), cloud.error(), "{handler}");
        assert_eq!(signature(&local), signature(&cloud), "{handler}");
        assert_eq!(local.metering(), cloud.metering(), "{handler}");
        assert_eq!(local.invocations().len(), cloud.invocations().len(), "{handler}");
        // Jitter comes from the execution's ARN, and so does how long a handler that retries takes.
        assert_eq!((local.start(), local.end().is_some()), (cloud.start(), cloud.end().is_some()), "{handler}");
        let titles = |result: &TestResult| -> Vec<_> {
            let operations = result.operations().iter();
            operations
                .map(|one| (one.id.clone(), one.operation_type, one.name.clone(), one.parent_id.clone()))
                .collect()
        };
        assert_eq!(titles(&local), titles(&cloud), "{handler}");
    }
}

#[test]
fn the_metered_size_of_a_history_is_that_of_its_execution() {
    for handler in durabox_tests::handlers::examples() {
        let run = durabox_tests::handlers::run(&handler, "{}");
        assert_eq!(metering(run.execution.events()), run.execution.metering(), "{handler}");
    }
}

#[test]
fn an_execution_that_is_unknown_at_first_then_throttled_is_asked_for_again() {
    let before = vec![
        error(404, "ResourceNotFoundException", "Durable Execution does not exist"),
        running(),
        error(429, "TooManyRequestsException", "Rate exceeded"),
        error(500, "ServiceException", "An error occurred"),
        running(),
    ];
    let server = StandIn { before, ..stand_in("hello_world") }.start();
    let result = run(&runner(&server), &json!({ "name": "Ada" })).expect("a run");
    assert_eq!(result.output::<String>().expect("an output"), "Hello, Ada!");
    let requests = server.requests();
    let histories = requests.iter().filter(|request| request.path.contains("/history")).count();
    assert_eq!(histories, result.events().len().div_ceil(2), "the history is read once, page by page");
    assert!(requests.iter().all(|request| request.header("authorization").is_some_and(|it| it.contains("/lambda/"))));
}

#[test]
fn a_result_that_is_encoded_twice_is_read() {
    let server = StandIn { encodes_twice: true, ..stand_in("order") }.start();
    let result = run(&runner(&server), &json!({ "id": "42", "amount": 1 })).expect("a run");
    assert_eq!(result.output::<serde_json::Map<String, Value>>().expect("an object")["closed"], true);
}

#[test]
fn a_stopped_and_a_timed_out_execution_have_ended() {
    for (text, status) in [("STOPPED", ExecutionStatus::Stopped), ("TIMED_OUT", ExecutionStatus::TimedOut)] {
        let body = json!({
            "DurableExecutionArn": "arn", "DurableExecutionName": "name", "FunctionArn": "function",
            "StartTimestamp": 1.0, "EndTimestamp": 2.0, "Status": text, "Error": { "ErrorMessage": "enough" },
        });
        let server = StandIn { before: vec![Answer::new(200, body.to_string())], ..stand_in("hello_world") }.start();
        let result = run(&runner(&server), &json!({})).expect("a run");
        assert_eq!(result.status(), status);
        let said = result.output::<String>().expect_err("no output").to_string();
        let first = format!("the execution ended {text}: Lambda function failed: enough\n");
        assert!(said.starts_with(&first), "{said}");
        assert!(said.contains("aws logs tail /aws/lambda/f --since 15m --region us-east-1"), "{said}");
    }
}

#[test]
fn a_run_that_takes_too_long_says_where_it_stands_and_where_to_look() {
    let server = StandIn { before: vec![running(); 10_000], ..stand_in("order") }.start();
    let cloud = runner(&server);
    let input = json!({ "id": "42", "amount": 1 });
    let run = cloud.run(&input).timeout(Duration::from_millis(300)).execution_name("slow");
    let error = failure(block_on(run.into_future()).expect("a runtime"));
    let text = format!("{:?}", RunError::from(error));
    for words in [
        "Execution did not complete within 0.3s (elapsed: ",
        "last status: RUNNING, last event: ExecutionSucceeded",
        "/durable-execution/slow/",
        "hint: aws logs tail /aws/lambda/f --since 15m --region us-east-1",
    ] {
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
    }
}

#[test]
fn callbacks_of_an_execution_in_the_cloud_are_found_by_name_and_answered_by_id() {
    let server = stand_in("callback_4_1").start();
    let cloud = runner(&server);
    let sent = block_on(async {
        let mut execution = cloud.start(&json!("approval")).await?;
        let open = execution.wait_for_callback("approval").await?;
        // The stand-in knows no callbacks; what it is asked is what counts.
        drop(execution.send_callback_success("approval", "yes").await);
        drop(execution.send_callback_failure(&open.id, ErrorObject::new("Declined", "no")).await);
        drop(execution.send_callback_heartbeat("approval").await);
        Ok::<_, RunError>(open)
    });
    let open = sent.expect("a runtime").expect("an open callback");
    assert_eq!(open.name.as_deref(), Some("approval"));
    let encoded = open.id.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let posts: Vec<_> = server.requests().into_iter().filter(|request| request.path.contains("-callbacks/")).collect();
    let path = |action: &str| format!("/2025-12-01/durable-execution-callbacks/{encoded}/{action}");
    let asked =
        |action: &str| posts.iter().find(|post| post.path == path(action)).unwrap_or_else(|| panic!("{posts:?}"));
    assert_eq!(asked("succeed").body, "\"yes\"", "the body is the result itself");
    let failure: Value = serde_json::from_str(&asked("fail").body).expect("JSON");
    assert_eq!(failure, json!({ "ErrorType": "Declined", "ErrorMessage": "no" }));
    asked("heartbeat");
}

#[test]
fn a_callback_that_never_opens_says_which_did() {
    let server = stand_in("callback_4_1").start();
    let cloud = runner(&server).with_timeout(Duration::from_millis(50));
    let waited = block_on(async { cloud.start(&json!("approval")).await?.wait_for_callback("aproval").await });
    let text = format!("{:?}", waited.expect("a runtime").expect_err("no such callback"));
    assert!(text.starts_with("Callback did not become available within 0s (elapsed: "), "{text}");
    assert!(text.contains("hint: did you mean `approval`?"), "{text}");
}

#[test]
fn a_function_that_is_not_durable_answers_without_an_execution() {
    let (cause, text) = said(|| Some(Answer::new(202, "")));
    assert_eq!(cause, None);
    assert!(text.starts_with("No DurableExecutionArn in response for function f:1\n"), "{text}");
    assert!(text.contains("--query DurableConfig"), "{text}");
    let server = Server::start(|_| Some(Answer::new(202, "")));
    let unqualified = CloudRunner::new("f").with_endpoint(server.url(""));
    let text = format!("{:?}", run(&unqualified, &json!(null)).expect_err("no execution"));
    assert!(text.contains("with a version or an alias: f:$LATEST, or f:1"), "{text}");
}

#[test]
fn what_lambda_answers_an_invocation_is_told_with_its_cure() {
    let answers: [(u16, &str, &str, Cause, &str); 5] = [
        (404, "ResourceNotFoundException", "Function not found: f", Cause::NotFound, "is `f:1` deployed"),
        (403, "AccessDeniedException", "not authorized", Cause::AccessDenied, "allow lambda:InvokeFunction"),
        (403, "ExpiredTokenException", "expired", Cause::BadCredentials, "aws sso login"),
        (400, "InvalidParameterValueException", "no", Cause::InvalidRequest, "Lambda says what it does not take"),
        (429, "TooManyRequestsException", "Rate exceeded", Cause::Throttled, "--test-threads=1"),
    ];
    for (status, code, message, expected, hint) in answers {
        let (cause, text) = said(move || Some(error(status, code, message)));
        assert_eq!(cause, Some(expected), "{text}");
        assert!(text.starts_with(&format!("Failed to invoke Lambda function f:1: {code}: {message}\n")), "{text}");
        assert!(text.contains(hint), "{text}");
    }
}

#[test]
fn nothing_that_listens_is_told_with_the_endpoint() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let cloud = CloudRunner::new("f:1").with_endpoint(format!("http://{free}"));
    let error = failure(run(&cloud, &json!(null)));
    assert_eq!(error.cause(), Some(Cause::Unreachable));
    let text = format!("{:?}", RunError::from(error));
    assert!(text.contains(&format!("hint: nothing answers there; http://{free} was asked")), "{text}");
    assert!(text.to_lowercase().contains("connection refused"), "{text}");
}

#[test]
fn a_status_that_may_not_be_read_is_told_with_the_permission() {
    let denied = error(403, "AccessDeniedException", "not authorized");
    let server = StandIn { before: vec![denied; 9], ..stand_in("hello_world") }.start();
    let text = format!("{:?}", run(&runner(&server), &json!({})).expect_err("no status"));
    assert!(text.starts_with("Failed to get execution status: AccessDeniedException: not authorized\n"), "{text}");
    assert!(text.contains("allow lambda:GetDurableExecution to these credentials"), "{text}");
}

#[test]
fn an_execution_is_attached_to_by_its_arn() {
    let server = stand_in("nested_contexts").start();
    let first = run(&runner(&server), &json!({})).expect("a run");
    let attached = block_on(async { runner(&server).attach(first.arn()).await.wait_for_result().await });
    let second = attached.expect("a runtime").expect("a result");
    assert_eq!(signature(&first), signature(&second));
    assert_eq!(second.operation_at("trip/hotel/book-room").map(|one| one.operation_type), Some(OperationType::Step));
    assert_eq!(second.operation_at("trip/#2").and_then(|one| one.name.as_deref()), Some("hotel"));
    assert_eq!(second.tree()[0].children[1].children.len(), 3);
    assert_eq!(second.operations_of(OperationType::Wait).count(), 1);
    let local = DurableRunner::from(LocalRunner::from_artifact(component("nested_contexts")));
    let refused = block_on(local.attach(first.arn())).expect("a runtime").expect_err("not in local mode");
    assert!(refused.to_string().contains("in local mode"), "{refused}");
}

#[test]
fn settings_name_the_variables_that_aws_names() {
    let names = Variable::ALL.map(Variable::name);
    for name in ["QUALIFIED_FUNCTION_NAME", "LAMBDA_FUNCTION_TEST_NAME", "AWS_REGION", "LAMBDA_ENDPOINT"] {
        assert!(names.contains(&name), "{name}");
    }
    let error = CloudSettings::read(|_| None).expect_err("nothing is set");
    let words = "Cloud mode requires both QUALIFIED_FUNCTION_NAME and LAMBDA_FUNCTION_TEST_NAME environment variables";
    assert_eq!(error.to_string(), words);
}
