//! A stand-in for Lambda: what its API answers about executions that have run locally before they are
//! asked for. It is as unhelpful as Lambda may be: unknown at first, throttled, in small pages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use durabox::runtime::engine::service::Execution;
use durabox::runtime::local::{Run, RunOptions};
use serde_json::{Value, json};

use crate::handlers::run_with;
use crate::server::{Answer, Request, Server};

/// Events to a page, whatever is asked for.
const PAGE: usize = 2;

/// The stand-in, with what it is told to be.
#[derive(Clone, Debug, Default)]
pub struct StandIn {
    /// The handler that every function runs; the one of the function's own name if this is empty.
    pub handler: String,
    /// Answers of GetDurableExecution that come before the true one, one to a question.
    pub before: Vec<Answer>,
    /// Says that the result is JSON text within JSON text.
    pub encodes_twice: bool,
}

struct State {
    options: StandIn,
    /// By ARN.
    runs: HashMap<String, Run>,
}

impl StandIn {
    /// Starts it.
    pub fn start(self) -> Server {
        let state = Arc::new(Mutex::new(State { options: self, runs: HashMap::new() }));
        Server::start(move |request| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            Some(state.answer(request))
        })
    }
}

/// Returns an error as Lambda's API spells it.
pub fn error(status: u16, code: &'static str, message: &str) -> Answer {
    let body = json!({ "Type": "User", "message": message, "Message": message });
    Answer::new(status, body.to_string()).with_header("x-amzn-errortype", code)
}

/// Returns an answer that says that the execution runs.
pub fn running() -> Answer {
    Answer::new(200, description("RUNNING", 1_767_225_600.0).to_string())
}

fn description(status: &str, start: f64) -> Value {
    json!({
        "DurableExecutionArn": "arn", "DurableExecutionName": "name", "FunctionArn": "function",
        "StartTimestamp": start, "Status": status,
    })
}

impl State {
    fn answer(&mut self, request: &Request) -> Answer {
        let path = request.path.split('?').next().unwrap_or_default();
        let parts: Vec<String> = path.split('/').skip(1).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts[..] {
            [_, "functions", function, "invocations"] => self.invoke(function, request),
            [_, "durable-executions", arn, "history"] => match self.runs.get(arn) {
                Some(run) => history(&run.execution, &request.path),
                None => unknown(),
            },
            [_, "durable-executions", arn] if self.options.before.is_empty() => match self.runs.get(arn) {
                Some(run) => self.describe(&run.execution),
                None => unknown(),
            },
            [_, "durable-executions", _] => self.options.before.remove(0),
            _ => error(404, "UnknownOperationException", "the stand-in has no such operation"),
        }
    }

    fn invoke(&mut self, function: &str, request: &Request) -> Answer {
        assert_eq!(request.header("x-amz-invocation-type"), Some("Event"));
        let name = request.header("x-amz-durable-execution-name").map(str::to_owned);
        // Executions of one name and input are one, so that those without a name get one each.
        let name = name.unwrap_or_else(|| format!("execution-{}", self.runs.len() + 1));
        let options = RunOptions { execution_name: Some(name), ..RunOptions::default() };
        let handler = match self.options.handler.as_str() {
            "" => function.split(':').next().unwrap_or(function),
            handler => handler,
        };
        let run = run_with(handler, &request.body, options);
        let arn = run.execution.arn().to_owned();
        self.runs.insert(arn.clone(), run);
        Answer::new(202, "").with_header("x-amz-durable-execution-arn", arn)
    }

    fn describe(&self, execution: &Execution) -> Answer {
        #[allow(clippy::cast_precision_loss)]
        let seconds = |time: durabox::runtime::model::Timestamp| time.as_millis() as f64 / 1000.0;
        let mut answer = description(execution.status().as_str(), seconds(execution.start_timestamp()));
        let result = execution.result().map(str::to_owned);
        answer["Result"] = match self.options.encodes_twice {
            true => json!(result.map(|result| json!(result).to_string())),
            false => json!(result),
        };
        answer["Error"] = json!(execution.error());
        answer["InputPayload"] = json!(execution.input());
        answer["EndTimestamp"] = json!(execution.end_timestamp().map(seconds));
        Answer::new(200, answer.to_string())
    }
}

fn unknown() -> Answer {
    error(404, "ResourceNotFoundException", "Durable Execution does not exist")
}

/// Returns one segment of a path without its percent signs.
fn decoded(segment: &str) -> String {
    [("%3A", ":"), ("%2F", "/"), ("%24", "$"), ("%2B", "+"), ("%3D", "=")]
        .into_iter()
        .fold(segment.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn history(execution: &Execution, path: &str) -> Answer {
    let query = path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let mut events = execution.events().to_vec();
    if value("ReverseOrder") == Some("true") {
        events.reverse();
    }
    let from: usize = value("Marker").and_then(|marker| marker.parse().ok()).unwrap_or(0);
    let page: Vec<_> = events.iter().skip(from).take(PAGE).collect();
    let next = (from + PAGE < events.len()).then(|| (from + PAGE).to_string());
    Answer::new(200, json!({ "Events": page, "NextMarker": next }).to_string())
}
