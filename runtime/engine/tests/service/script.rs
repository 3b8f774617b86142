//! A script drives one execution; its transcript has every event, invocation and rejection.
//!
//! Commands, separated by `|`: `checkpoint UPDATE, UPDATE…`, `suspend`, `return JSON`, `throw TEXT`,
//! `answer JSON`, `crash`, `sleep N` (the function is busy), `next` (to the next deadline), `stop`.
//! An update is `ACTION TYPE NAME [Ns] [payload] [in CONTEXT]`; `retry` carries an error, `continue`
//! is a RETRY that carries a state.

use std::fmt::Write as _;

use durabox_engine::CheckpointRequest;
use durabox_engine::service::{Effect, Execution, ExecutionConfig, InvocationEnd, StartExecution};
use durabox_model::{
    ErrorObject, EventDetails, InvocationOutput, OperationAction, OperationType, OperationUpdate, StepOptions,
    Timestamp, WaitOptions,
};

pub const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);
pub const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST/durable-execution/n/e1";

pub fn execution(config: ExecutionConfig) -> Execution {
    Execution::start(StartExecution { arn: ARN.into(), input: Some("{}".into()), config }, START)
}

pub fn run(script: &str) -> String {
    run_with(ExecutionConfig::default(), script)
}

pub fn run_with(config: ExecutionConfig, script: &str) -> String {
    let mut transcript =
        Transcript { execution: execution(config), now: START, token: String::new(), seen: 0, text: String::new() };
    transcript.settle();
    for command in script.split('|').map(str::trim).filter(|command| !command.is_empty()) {
        transcript.perform(command);
        transcript.settle();
    }
    transcript.text
}

struct Transcript {
    execution: Execution,
    now: Timestamp,
    token: String,
    seen: usize,
    text: String,
}

impl Transcript {
    fn perform(&mut self, command: &str) {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        let answer = |output| InvocationEnd::Answered(output);
        let end = match verb {
            "checkpoint" => {
                let updates = rest.split(',').filter(|text| !text.trim().is_empty()).map(update).collect();
                let request = CheckpointRequest { token: self.token.clone(), updates };
                match self.execution.checkpoint(request, self.now) {
                    Ok(output) => {
                        let told: Vec<_> = output
                            .operations
                            .iter()
                            .map(|operation| format!("{} {}", operation.id, operation.status.as_str()))
                            .collect();
                        self.token = output.token.unwrap_or_default();
                        self.events();
                        self.line(&format!("→ told: {}", told.join(", ")));
                    }
                    Err(error) => self.line(&format!("→ rejected: {error}")),
                }
                return;
            }
            "sleep" => {
                self.now = self.now.plus_seconds(rest.parse().expect("seconds"));
                return;
            }
            "next" => {
                self.now = self.now.max(self.execution.poll_timeout().expect("a deadline"));
                self.execution.handle_timeout(self.now);
                return;
            }
            "stop" => {
                self.execution.stop(Some(ErrorObject::new("Stopped", "by a test")), self.now);
                return;
            }
            "suspend" => answer(InvocationOutput::pending()),
            "return" => answer(InvocationOutput::succeeded(Some(rest.into()))),
            "throw" => answer(InvocationOutput::failed(Some(ErrorObject::new("Thrown", rest)))),
            "answer-with-both" => answer(InvocationOutput {
                error: Some(ErrorObject::new("E", "e")),
                ..InvocationOutput::succeeded(Some("1".into()))
            }),
            "answer-without-status" => answer(InvocationOutput { status: None, result: None, error: None }),
            "crash" => InvocationEnd::Crashed(ErrorObject::new("Runtime.ExitError", "exit status 1")),
            other => panic!("no command {other:?}"),
        };
        self.execution.complete_invocation(end, self.now);
    }

    fn settle(&mut self) {
        self.events();
        while let Some(effect) = self.execution.poll_effect(self.now) {
            match effect {
                Effect::Invoke { input, .. } => {
                    self.token = input.checkpoint_token;
                    let count = self.execution.invocation_count();
                    let updated = input.updated_operation_ids.join(", ");
                    let updated = if updated.is_empty() { updated } else { format!(" for {updated}") };
                    self.line(&format!("→ Invoke #{count} with {} operations{updated}", input.operations.len()));
                }
                Effect::Closed => self.line(&format!("→ closed: {}", self.execution.status().as_str())),
            }
        }
    }

    fn events(&mut self) {
        let new: Vec<_> = self.execution.events().iter().skip(self.seen).cloned().collect();
        for event in new {
            let detail = match &event.details {
                EventDetails::StepFailed(event) => retry(&event.details.retry_details),
                EventDetails::StepSucceeded(event) => retry(&event.details.retry_details),
                EventDetails::WaitStarted(event) => format!("{}s", event.details.duration),
                EventDetails::InvocationCompleted(event) if event.details.error.is_some() => "crashed".into(),
                EventDetails::ExecutionFailed(event) => event
                    .details
                    .error
                    .payload
                    .as_ref()
                    .and_then(|error| error.error_message.clone())
                    .unwrap_or_default(),
                EventDetails::ExecutionSucceeded(event) => event.details.result.payload.clone().unwrap_or_default(),
                _ => String::new(),
            };
            let name = event.id.clone().unwrap_or_default();
            self.line(&format!("{} {name} {detail}", event.details.event_type()));
        }
        self.seen = self.execution.events().len();
    }

    fn line(&mut self, text: &str) {
        let seconds = self.now.since(START).as_secs();
        let _ = writeln!(self.text, "{seconds:>3}s  {}", text.trim_end());
    }
}

fn retry(details: &durabox_model::RetryDetails) -> String {
    match details.next_attempt_delay_seconds {
        Some(delay) => format!("attempt {}, next in {delay}s", details.current_attempt),
        None => format!("attempt {}", details.current_attempt),
    }
}

pub fn update(text: &str) -> OperationUpdate {
    let mut words = text.split_whitespace();
    let mut word = || words.next().unwrap_or_default();
    let verb = word();
    let action = match verb {
        "start" => OperationAction::Start,
        "succeed" => OperationAction::Succeed,
        "fail" => OperationAction::Fail,
        "retry" | "continue" => OperationAction::Retry,
        "cancel" => OperationAction::Cancel,
        other => panic!("no action {other:?}"),
    };
    let operation_type = match word() {
        "STEP" => OperationType::Step,
        "WAIT" => OperationType::Wait,
        "CONTEXT" => OperationType::Context,
        "EXECUTION" => OperationType::Execution,
        "CALLBACK" => OperationType::Callback,
        other => panic!("no type {other:?}"),
    };
    let mut update = OperationUpdate::new(word(), operation_type, action);
    let failing = matches!(verb, "fail" | "retry");
    update.error = failing.then(|| ErrorObject::new("E", "failed"));
    while let Some(word) = words.next() {
        if word == "in" {
            update.parent_id = words.next().map(str::to_owned);
        } else if let Some(seconds) = word.strip_suffix('s').and_then(|number| number.parse().ok()) {
            update.wait_options = Some(WaitOptions { wait_seconds: seconds });
            update.step_options = Some(StepOptions { next_attempt_delay_seconds: seconds });
        } else if let Some(name) = word.strip_prefix("name=") {
            update.name = Some(name.to_owned());
        } else {
            update.payload = Some(word.to_owned());
        }
    }
    update
}
