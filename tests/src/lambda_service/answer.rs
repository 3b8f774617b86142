//! What is answered to the function, of both APIs.

use std::time::{Duration, Instant};

use durabox::runtime::engine::service::InvocationEnd;
use durabox::runtime::engine::{CheckpointOutput, CheckpointRequest};
use durabox::runtime::model::{ErrorObject, InvocationOutput, Operation, OperationUpdate};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ARN, Call, Event, Fault, Shared, State};
use crate::server::{Answer, Request};

const RUNTIME_API: &str = "/2018-06-01/runtime/";
const DURABLE_API: &str = "/2025-12-01/durable-executions/";

/// How long a call may be left unanswered: more than any function waits.
const FOREVER: Duration = Duration::from_secs(3600);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Checkpoint {
    checkpoint_token: String,
    #[serde(default)]
    updates: Vec<OperationUpdate>,
    client_token: Option<String>,
}

impl Shared {
    /// Answers a request; `None` is a connection that is closed instead.
    pub(super) fn answer(&self, request: &Request) -> Option<Answer> {
        if let Some(path) = request.path.strip_prefix(RUNTIME_API) {
            return Some(self.runtime(path, &request.body));
        }
        let rest = request.path.strip_prefix(DURABLE_API)?;
        let (arn, call) = rest.split_once('/').expect("an operation on an execution");
        assert_eq!(decoded(arn), ARN, "the execution's ARN is one segment of the path");
        match call.split_once('?') {
            None => self.checkpoint(serde_json::from_str(&request.body).expect("a checkpoint")),
            Some((_, query)) => self.state(query),
        }
    }

    fn runtime(&self, path: &str, body: &str) -> Answer {
        match path.rsplit('/').next() {
            Some("next") => return self.next(),
            Some("response") => {
                let output: InvocationOutput = serde_json::from_str(body).expect("an answer of a durable function");
                self.lock().ended = Some(InvocationEnd::Answered(output));
            }
            Some(_) => {
                let body: Value = serde_json::from_str(body).expect("an error of a function");
                let text = |member: &str| body[member].as_str().map(str::to_owned);
                let error = ErrorObject {
                    error_type: text("errorType"),
                    error_message: text("errorMessage"),
                    ..ErrorObject::default()
                };
                let mut state = self.lock();
                match path.starts_with("init/") {
                    true => state.init_errors.push(body),
                    false => state.ended = Some(InvocationEnd::Crashed(error)),
                }
            }
            None => {}
        }
        self.changed.notify_all();
        Answer::new(202, r#"{"status":"OK"}"#)
    }

    /// Waits for an event, as long as it takes.
    fn next(&self) -> Answer {
        let mut state = self.lock();
        state.asked.get_or_insert_with(Instant::now);
        let Event { request_id, deadline, body } = loop {
            if let Some(event) = state.events.pop_front() {
                break event;
            }
            state = self.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        };
        let function = ARN.split("/durable-execution/").next().unwrap_or_default();
        Answer::new(200, body)
            .with_header("content-type", "application/json")
            .with_header("lambda-runtime-aws-request-id", request_id)
            .with_header("lambda-runtime-deadline-ms", deadline.to_string())
            .with_header("lambda-runtime-invoked-function-arn", function)
            .with_header("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000")
    }

    fn checkpoint(&self, checkpoint: Checkpoint) -> Option<Answer> {
        let updates = checkpoint
            .updates
            .iter()
            .map(|update| format!("{} {:?}", update.operation_type.as_str(), update.action).to_uppercase());
        let updates = updates.collect();
        let fault = self.note(true, checkpoint.client_token.clone(), updates);
        let request = CheckpointRequest { token: checkpoint.checkpoint_token, updates: checkpoint.updates };
        self.with(fault, |state| {
            let running = state.running();
            let answer = running.execution.checkpoint_once(request, checkpoint.client_token, running.now);
            answer.map(|output| checkpointed(&output)).map_err(|error| error.to_string())
        })
    }

    fn state(&self, query: &str) -> Option<Answer> {
        let parameter = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(known, _)| *known == name).map(|(_, value)| decoded(value))
        };
        let fault = self.note(false, None, Vec::new());
        self.with(fault, |state| {
            let token = parameter("CheckpointToken").unwrap_or_default();
            let most = parameter("MaxItems").and_then(|number| number.parse().ok()).unwrap_or(0);
            let page = state.running().execution.state(&token, parameter("Marker").as_deref(), most);
            page.map(|page| json!({ "Operations": all(&page.operations), "NextMarker": page.next_marker }))
                .map_err(|error| error.to_string())
        })
    }

    /// Notes a call, and returns what goes wrong with it.
    fn note(&self, is_checkpoint: bool, client_token: Option<String>, updates: Vec<String>) -> Option<Fault> {
        let mut state = self.lock();
        state.called.get_or_insert_with(Instant::now);
        let (number, invocation) = (state.calls.len() + 1, state.running().execution.invocation_count());
        let call = Call { number, invocation, is_checkpoint, client_token, updates };
        let fault = (state.running().faults)(&call);
        state.calls.push(call);
        fault
    }

    /// Answers a call, with what goes wrong with it.
    fn with(&self, fault: Option<Fault>, call: impl FnOnce(&mut State) -> Result<Value, String>) -> Option<Answer> {
        match fault {
            Some(Fault::Refused(status, code, message)) => return Some(refused(status, code, message)),
            Some(Fault::Silence) => {
                self.hold(FOREVER);
                return None;
            }
            _ => {}
        }
        let answer = match call(&mut self.lock()) {
            Ok(body) => Answer::new(200, body.to_string()).with_header("content-type", "application/json"),
            Err(message) => refused(400, "InvalidParameterValueException", &message),
        };
        match fault {
            Some(Fault::Lost) => return None,
            Some(Fault::Slow(time)) => self.hold(time),
            _ => {}
        }
        Some(answer)
    }

    /// Lets this time pass.
    fn hold(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut state = self.lock();
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            state = self.changed.wait_timeout(state, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }
}

fn checkpointed(output: &CheckpointOutput) -> Value {
    let mut body = json!({
        "NewExecutionState": { "Operations": all(&output.operations), "NextMarker": output.next_marker }
    });
    if let Some(token) = &output.token {
        body["CheckpointToken"] = json!(token);
    }
    body
}

fn all(operations: &[std::sync::Arc<Operation>]) -> Vec<&Operation> {
    operations.iter().map(std::sync::Arc::as_ref).collect()
}

fn refused(status: u16, code: &str, message: &str) -> Answer {
    if code.is_empty() {
        return Answer::new(status, message);
    }
    let body = json!({ "Type": "User", "message": message, "Message": message });
    Answer::new(status, body.to_string())
        .with_header("x-amzn-errortype", code)
        .with_header("x-amzn-requestid", "00000000-0000-4000-8000-00000000000f")
}

/// Takes percent signs out of a part of a URL.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%').then(|| after.get(..2)).flatten();
        let escaped = escaped.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).expect("text")
}
