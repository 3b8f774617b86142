//! `durabox serve` where Lambda's protocol is easily got wrong: ends that come while a function runs, pages,
//! and requests that are refused. The function is elsewhere, and its invocations last until the test is over.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use durabox_tests::clients::service::Service;
use durabox_tests::request::{Answer, encoded, request};
use durabox_tests::server::{self as http, Server};
use serde_json::{Value, json};

/// A service, and the function `held` that it invokes.
struct Held {
    function: Server,
    service: Service,
    release: Arc<OnceLock<()>>,
}

impl Held {
    fn start() -> Self {
        let release = Arc::new(OnceLock::new());
        let held = Arc::clone(&release);
        let function = Server::start(move |_| {
            held.wait();
            Some(http::Answer::new(200, json!({"Status": "SUCCEEDED", "Result": "1"}).to_string()))
        });
        let arguments = ["--lambda-endpoint", &function.url(""), "--function", "held"];
        let service = Service::start_in_memory(&[], &arguments);
        Self { function, service, release }
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        request(self.service.endpoint(), method, path, headers, body.to_string().as_bytes())
    }

    fn invoke(&self, function: &str, kind: &str, name: &str) -> Answer {
        let path = format!("/2015-03-31/functions/{function}/invocations?Qualifier=%24LATEST");
        let headers = [("x-amz-invocation-type", kind), ("x-amz-durable-execution-name", name)];
        self.ask("POST", &path, &headers, &json!({}))
    }

    /// Starts an execution, and waits until its function has been invoked; returns its ARN and its token.
    fn begin(&self, name: &str) -> (String, String) {
        let answer = self.invoke("held", "Event", name);
        let arn = answer.header("x-amz-durable-execution-arn").expect("an ARN").to_owned();
        let limit = Instant::now() + Duration::from_secs(120);
        loop {
            assert!(Instant::now() < limit, "{arn} is invoked");
            let requests = self.function.requests();
            let events = requests.iter().filter_map(|asked| serde_json::from_str::<Value>(&asked.body).ok());
            let event = events.into_iter().find(|event| event["DurableExecutionArn"] == arn.as_str());
            if let Some(token) = event.and_then(|event| event["CheckpointToken"].as_str().map(str::to_owned)) {
                return (arn, token);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn checkpoint(&self, arn: &str, body: &Value) -> Answer {
        self.ask("POST", &execution(arn, "/checkpoint"), &[], body)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A test may have let go itself.
        let _ = self.release.set(());
    }
}

fn execution(arn: &str, rest: &str) -> String {
    format!("/2025-12-01/durable-executions/{}{rest}", encoded(arn))
}

#[test]
fn a_stop_is_told_and_a_deletion_is_done_while_the_function_runs() {
    let held = Held::start();
    let (arn, token) = held.begin("one");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| held.invoke("held", "RequestResponse", "one"));
        let stopped = held.ask("POST", &execution(&arn, "/stop"), &[], &json!({"ErrorType": "Enough"}));
        assert_eq!(stopped.status, 200, "{}", stopped.json());
        let answer = waiting.join().expect("an answer");
        assert_eq!((answer.status, answer.header("x-amz-function-error")), (200, Some("Unhandled")));
        assert_eq!(answer.json()["errorType"], "Enough");
    });

    let deleted = held.ask("DELETE", &execution(&arn, ""), &[], &json!({}));
    assert_eq!(deleted.status, 202, "{}", deleted.json());
    assert_eq!(held.ask("GET", &execution(&arn, ""), &[], &json!({})).status, 404);
    let late = held.checkpoint(&arn, &json!({"CheckpointToken": token}));
    assert_eq!((late.status, &late.json()["message"]), (400, &json!("Invalid checkpoint token")));
    held.release.set(()).expect("held until now");
    // The name is free again, and what comes of the first invocation is nobody's.
    let (again, _) = held.begin("one");
    assert_ne!(again, arn);
    assert_eq!(held.ask("GET", &execution(&arn, ""), &[], &json!({})).status, 404);
}

#[test]
fn an_execution_that_runs_is_not_deleted() {
    let held = Held::start();
    let (arn, _) = held.begin("one");
    let refused = held.ask("DELETE", &execution(&arn, ""), &[], &json!({}));
    assert_eq!((refused.status, refused.header("x-amzn-errortype")), (409, Some("ResourceConflictException")));
}

#[test]
fn a_checkpoint_that_is_paused_at_has_no_token_to_go_on_with() {
    let held = Held::start();
    let (arn, token) = held.begin("one");
    assert_eq!(held.ask("POST", &execution(&arn, "/pause"), &[], &json!({})).status, 202);
    let step = json!({"Id": "s", "Type": "STEP", "Action": "START"});
    let answer = held.checkpoint(&arn, &json!({"CheckpointToken": token, "Updates": [step]}));
    assert_eq!((answer.status, answer.json()), (200, json!({"NewExecutionState": {"Operations": []}})));
    assert_eq!(held.ask("GET", &execution(&arn, ""), &[], &json!({})).json()["Status"], "PAUSED");
}

#[test]
fn a_list_goes_on_where_it_ended_although_another_execution_has_started() {
    let held = Held::start();
    for name in ["a", "b", "c"] {
        held.begin(name);
    }
    let page = |marker: &str| {
        let path = format!("/2025-12-01/functions/held/durable-executions?MaxItems=2{marker}");
        held.ask("GET", &path, &[], &json!({})).json()
    };
    let names = |page: &Value| {
        let listed = page["DurableExecutions"].as_array().expect("a list").iter();
        listed.map(|one| one["DurableExecutionName"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let first = page("");
    assert_eq!(names(&first), ["c", "b"]);
    held.begin("d");
    let marker = first["NextMarker"].as_str().expect("there is more");
    let second = page(&format!("&Marker={marker}"));
    assert_eq!((names(&second), &second["NextMarker"]), (vec!["a".to_owned()], &Value::Null));
}

#[test]
fn what_is_out_of_the_api_models_bounds_is_refused() {
    let held = Held::start();
    let (arn, token) = held.begin("one");
    let refused = |answer: Answer| {
        let exception = answer.header("x-amzn-errortype").map(str::to_owned);
        assert_eq!((answer.status, exception.as_deref()), (400, Some("InvalidParameterValueException")));
        answer.json()["message"].as_str().expect("a message").to_owned()
    };
    refused(held.invoke("held", "Event", ""));
    refused(held.invoke("held", "Event", "é"));
    refused(held.invoke("held:::x", "Event", "two"));
    refused(held.checkpoint(&arn, &json!({"CheckpointToken": token, "ClientToken": ""})));
    refused(held.checkpoint(&arn, &json!({"CheckpointToken": token, "ClientToken": "with space"})));
    let state = execution(&arn, &format!("/state?CheckpointToken={}&MaxItems=1001", encoded(&token)));
    refused(held.ask("GET", &state, &[], &json!({})));
    let unknown = json!({"Id": "s", "Type": "SLEEP", "Action": "START"});
    let message = refused(held.checkpoint(&arn, &json!({"CheckpointToken": token, "Updates": [unknown]})));
    assert!(message.contains("Unknown operation type."), "{message}");
    let error = json!({"ErrorMessage": "x".repeat(1024 * 1024 + 1)});
    let message = refused(held.ask("POST", &execution(&arn, "/stop"), &[], &error));
    assert!(message.starts_with("Error object size must be less than"), "{message}");
}

#[test]
fn what_the_official_sdks_and_the_api_model_allow_is_taken() {
    let held = Held::start();
    assert_eq!(held.invoke("123456789012%3Aheld", "Event", "by-account").status, 202);
    let (arn, token) = held.begin("one");
    let step = json!({"Id": "c", "Type": "CONTEXT", "Action": "START", "ContextOptions": {"ReplayChildren": null}});
    let callback = json!({
        "Id": "k", "Type": "CALLBACK", "Action": "START",
        "CallbackOptions": {"TimeoutSeconds": null, "HeartbeatTimeoutSeconds": null},
    });
    let failed = json!({"Id": "s", "Type": "STEP", "Action": "FAIL", "Error": {"ErrorType": "E", "StackTrace": null}});
    let answer = held.checkpoint(&arn, &json!({"CheckpointToken": token, "Updates": [step, callback, failed]}));
    assert_eq!(answer.status, 200, "{}", answer.json());
    let token = answer.json()["CheckpointToken"].as_str().expect("a token").to_owned();
    // A full batch of the official Python SDK, by the length of its JSON.
    let full: Vec<Value> = (0..250)
        .map(|step| json!({"Id": format!("s{step}"), "Type": "STEP", "Action": "SUCCEED", "Payload": "x".repeat(2900)}))
        .collect();
    let answer = held.checkpoint(&arn, &json!({"CheckpointToken": token, "Updates": full}));
    assert_eq!(answer.status, 200, "{}", answer.json());
}
