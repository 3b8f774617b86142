//! A script drives one execution; its transcript has every event, invocation and rejection.
//!
//! Commands, separated by `|`: `checkpoint UPDATE, UPDATE…`, `suspend`, `return JSON`, `throw TEXT`,
//! `answer JSON`, `crash`, `sleep N` (the function is busy), `next` (to the next deadline), `stop`;
//! from outside `succeed-callback ID [JSON]`, `fail-callback ID`, `heartbeat ID`, `complete ID [JSON]`,
//! `fail-invoke ID`, `time-out-invoke ID`, `stop-invoke ID`, `pause`, `pause-only` (the execution timeout
//! goes on), `resume`; `interrupt` (the function's host is lost), `reload` (the execution is kept and taken
//! up again); and `meter`.
//! An update is `ACTION TYPE NAME [Ns] [payload] [in CONTEXT]`; `retry` carries an error, `continue`
//! is a RETRY that carries a state. A callback's `Ns` is its timeout and `heartbeat=N` the other one;
//! a chained invoke takes `function=NAME` and `tenant=NAME`.

use std::fmt::Write as _;

use durabox_engine::CheckpointRequest;
use durabox_engine::service::{
    CallbackError, ChainedInvokeEnd, Effect, Execution, ExecutionConfig, InvocationEnd, StartExecution,
};
use durabox_model::{
    ErrorObject, EventDetails, EventError, InvocationOutput, OperationAction, OperationType, OperationUpdate,
    StepOptions, Timestamp, WaitOptions,
};

pub const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);
pub const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST/durable-execution/n/e1";

pub fn execution(config: ExecutionConfig) -> Execution {
    Execution::start(StartExecution { arn: ARN.into(), input: Some("{}".into()), config }, START)
}

pub fn run(script: &str) -> String {
    run_with(ExecutionConfig::default(), script)
}

/// Runs a script in an execution whose function has started these operations and suspended; tells
/// what comes after that.
pub fn run_suspended(starts: &str, script: &str) -> String {
    let mut transcript = Transcript::begin(ExecutionConfig::default());
    transcript.run(&format!("checkpoint {starts} | suspend"));
    transcript.text.clear();
    transcript.run(script);
    transcript.text
}

pub fn run_with(config: ExecutionConfig, script: &str) -> String {
    let mut transcript = Transcript::begin(config);
    transcript.run(script);
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
    fn begin(config: ExecutionConfig) -> Self {
        let execution = execution(config);
        let mut transcript = Self { execution, now: START, token: String::new(), seen: 0, text: String::new() };
        transcript.settle();
        transcript
    }

    fn run(&mut self, script: &str) {
        for command in script.split('|').map(str::trim).filter(|command| !command.is_empty()) {
            self.perform(command);
            self.settle();
        }
    }

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
                        for invoke in self.execution.take_chained_invokes() {
                            let input = invoke.payload.as_deref().unwrap_or("nothing");
                            self.line(&format!(
                                "→ run {} for {} with {input}",
                                invoke.function_name, invoke.operation_id
                            ));
                        }
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
            "pause" | "pause-only" | "resume" => {
                let done = match verb {
                    "resume" => self.execution.resume(Some("go on".into()), self.now),
                    _ => self.execution.pause(Some("wait".into()), verb == "pause", self.now),
                };
                self.events();
                if let Err(error) = done {
                    self.line(&format!("→ refused: {error}"));
                }
                return;
            }
            "interrupt" => {
                self.execution.interrupt_invocation(ErrorObject::new("Runtime.ExitError", "lost"), self.now);
                return;
            }
            "reload" => {
                let saved = serde_json::to_string(&self.execution.saved()).expect("JSON");
                self.execution = Execution::restore(
                    serde_json::from_str(&saved).expect("what was written"),
                    self.execution.operations().to_vec(),
                    self.execution.events().to_vec(),
                );
                return;
            }
            "status" => {
                let (status, deadline) = (self.execution.status().as_str(), self.execution.deadline().since(START));
                self.line(&format!("→ {status}, times out at {}s", deadline.as_secs()));
                return;
            }
            "succeed-callback" | "fail-callback" | "heartbeat" => {
                let answered = self.answer_callback(verb, rest);
                self.events();
                if let Err(error) = answered {
                    self.line(&format!("→ refused: {error}"));
                }
                return;
            }
            "complete" | "fail-invoke" | "time-out-invoke" | "stop-invoke" => {
                let (id, result) = rest.split_once(' ').unwrap_or((rest, ""));
                let error = ErrorObject::new("E", "no such luck");
                let end = match verb {
                    "complete" => ChainedInvokeEnd::Succeeded((!result.is_empty()).then(|| result.to_owned())),
                    "fail-invoke" => ChainedInvokeEnd::Failed(error),
                    "time-out-invoke" => ChainedInvokeEnd::TimedOut(error),
                    _ => ChainedInvokeEnd::Stopped(error),
                };
                self.execution.complete_chained_invoke(id, end, self.now);
                return;
            }
            "meter" => {
                let metering = self.execution.metering();
                self.line(&format!("→ metered: {} operations, {} bytes", metering.operations, metering.bytes));
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

    fn answer_callback(&mut self, verb: &str, rest: &str) -> Result<(), CallbackError> {
        let (operation_id, result) = rest.split_once(' ').unwrap_or((rest, ""));
        let id = callback_id(&self.execution, operation_id);
        match verb {
            "succeed-callback" => {
                self.execution.succeed_callback(&id, (!result.is_empty()).then(|| result.to_owned()), self.now)
            }
            "fail-callback" => self.execution.fail_callback(&id, ErrorObject::new("E", "declined"), self.now),
            _ => self.execution.heartbeat_callback(&id, self.now),
        }
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
                EventDetails::CallbackStarted(event) => {
                    let within = |what, seconds: Option<u64>| seconds.map(|seconds| format!("{what} {seconds}s"));
                    let (total, heartbeat) = (event.details.timeout, event.details.heartbeat_timeout);
                    let limits = [within("timeout", total), within("heartbeat", heartbeat)];
                    limits.into_iter().flatten().collect::<Vec<_>>().join(", ")
                }
                EventDetails::CallbackSucceeded(event) => event.details.result.payload.clone().unwrap_or_default(),
                EventDetails::CallbackFailed(event) => error_text(&event.details.error),
                EventDetails::CallbackTimedOut(event) => error_text(&event.details.error),
                EventDetails::ChainedInvokeStarted(event) => {
                    let tenant = event.details.tenant_id.as_ref().map(|tenant| format!(" for tenant {tenant}"));
                    format!("{}{}", event.details.function_name, tenant.unwrap_or_default())
                }
                EventDetails::ChainedInvokeSucceeded(event) => event.details.result.payload.clone().unwrap_or_default(),
                EventDetails::ChainedInvokeFailed(event) => error_text(&event.details.error),
                EventDetails::ChainedInvokeTimedOut(event) => error_text(&event.details.error),
                EventDetails::ChainedInvokeStopped(event) => error_text(&event.details.error),
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

/// Returns the callback id of an operation; of one that does not exist, what was given.
pub fn callback_id(execution: &Execution, operation_id: &str) -> String {
    let operation = execution.operations().iter().find(|operation| operation.id == operation_id);
    let details = operation.and_then(|operation| operation.callback_details.as_ref());
    details.and_then(|details| details.callback_id.clone()).unwrap_or_else(|| operation_id.to_owned())
}

fn error_text(error: &EventError) -> String {
    let error = error.payload.clone().unwrap_or_default();
    format!("{}: {}", error.error_type.unwrap_or_default(), error.error_message.unwrap_or_default())
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
        "CHAINED_INVOKE" => OperationType::ChainedInvoke,
        other => panic!("no type {other:?}"),
    };
    let mut update = OperationUpdate::new(word(), operation_type, action);
    let failing = matches!(verb, "fail" | "retry");
    update.error = failing.then(|| ErrorObject::new("E", "failed").into());
    while let Some(word) = words.next() {
        if word == "in" {
            update.parent_id = words.next().map(Into::into);
        } else if let Some(seconds) = word.strip_suffix('s').and_then(|number| number.parse().ok()) {
            update.wait_options = Some(WaitOptions { wait_seconds: seconds });
            update.step_options = Some(StepOptions { next_attempt_delay_seconds: seconds });
            update.callback_options.get_or_insert_default().timeout_seconds = seconds;
        } else if let Some(seconds) = word.strip_prefix("heartbeat=") {
            let options = update.callback_options.get_or_insert_default();
            options.heartbeat_timeout_seconds = seconds.parse().expect("seconds");
        } else if let Some(function) = word.strip_prefix("function=") {
            let options = update.chained_invoke_options.get_or_insert_default();
            options.function_name = function.to_owned();
        } else if let Some(tenant) = word.strip_prefix("tenant=") {
            update.chained_invoke_options.get_or_insert_default().tenant_id = Some(tenant.to_owned());
        } else if let Some(name) = word.strip_prefix("name=") {
            update.name = Some(name.into());
        } else {
            update.payload = Some(word.to_owned());
        }
    }
    update
}
