//! Runs one invocation of a function, wherever it lives.

use std::sync::Arc;

use axum::body::Bytes;
use durabox_runtime::engine::replay::{Mode, Replay};
use durabox_runtime::engine::service::InvocationEnd;
use durabox_runtime::engine::{CheckpointOutput, CheckpointRequest};
use durabox_runtime::invocation::complete;
use durabox_runtime::model::{ErrorObject, InvocationInput, Operation};
use durabox_runtime::sandbox::{
    CheckpointClient, CheckpointFailure, CheckpointFuture, Invocation, InvocationInfo, InvokeOptions, LogLevel,
    LogLine, RandomSource, Sink, Stream,
};
use durabox_runtime::{Artifact, Sandbox};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use crate::LogRecord;
use crate::envelope;
use crate::function::{Code, FunctionVersion};
use crate::hosted::Hosted;
use crate::process::{self, FunctionError, InvokeError, Room};
use crate::remote::RemoteError;
use crate::service::{Service, ServiceError};

/// A failed invocation of a function, as Lambda reports it.
#[derive(Clone, Debug)]
pub struct FunctionFailure {
    /// What happened.
    pub error: ErrorObject,
    /// The body of the answer.
    pub body: Bytes,
}

/// Why a function gave no result.
#[derive(Debug)]
pub enum NoResult {
    /// It failed.
    Failed(Box<FunctionFailure>),
    /// It was not invoked.
    Refused(ServiceError),
}

impl FunctionFailure {
    /// Returns a failure that Lambda itself reports.
    pub fn of(error: ErrorObject) -> Self {
        Self { body: error_body(&error), error }
    }

    fn posted(failure: FunctionError) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Posted {
            stack_trace: Value,
        }
        let FunctionError { error_type, message, body, .. } = failure;
        let posted: Posted = serde_json::from_slice(&body).unwrap_or_default();
        let frames = posted.stack_trace.as_array().into_iter().flatten();
        let text = |frame: &Value| frame.as_str().map_or_else(|| frame.to_string(), str::to_owned);
        let error = ErrorObject {
            error_type: Some(error_type),
            error_message: Some(message),
            stack_trace: frames.map(text).collect(),
            ..ErrorObject::default()
        };
        Self { error, body }
    }
}

/// Returns an error as the body of a failed invocation.
pub fn error_body(error: &ErrorObject) -> Bytes {
    let mut body = serde_json::Map::new();
    body.insert("errorMessage".into(), error.error_message.clone().unwrap_or_default().into());
    body.insert("errorType".into(), error.error_type.clone().unwrap_or_default().into());
    if let Some(data) = &error.error_data {
        body.insert("errorData".into(), data.clone().into());
    }
    if !error.stack_trace.is_empty() {
        body.insert("stackTrace".into(), error.stack_trace.clone().into());
    }
    Value::Object(body).to_string().into()
}

impl Service {
    /// Runs an invocation of a durable execution, once it is its turn.
    pub(crate) async fn invoke_durable(
        self: &Arc<Self>,
        hosted: &Arc<Hosted>,
        request_id: String,
        input: InvocationInput,
    ) -> InvocationEnd {
        let turn = self.turn(&hosted.function).await;
        if hosted.is_cut_short() {
            return InvocationEnd::Crashed(ErrorObject::new("Runtime.Cancelled", "the execution was closed before"));
        }
        if let Code::Component(artifact) = &hosted.function.code {
            return self.invoke_component(hosted, artifact, request_id, input).await;
        }
        let event = match envelope::event(&input) {
            Ok(event) => event,
            Err(error) => return InvocationEnd::Crashed(ErrorObject::new("ServiceException", error.to_string())),
        };
        self.tails.belongs(&request_id, &hosted.arn);
        let call = Call {
            request_id,
            payload: event,
            function_arn: hosted.metadata.function_arn.clone(),
            trace_id: hosted.metadata.trace_header.clone(),
            client_context: None,
            tenant_id: hosted.metadata.tenant_id.clone(),
            is_durable: true,
            room: turn.room,
        };
        match call_function(&hosted.function, call).await {
            Ok(answer) => InvocationEnd::Answered(envelope::output(&answer)),
            Err(NoResult::Failed(failure)) => InvocationEnd::Crashed(failure.error),
            Err(NoResult::Refused(error)) => InvocationEnd::Crashed(error.error_object()),
        }
    }

    async fn invoke_component(
        self: &Arc<Self>,
        hosted: &Arc<Hosted>,
        artifact: &Artifact,
        request_id: String,
        input: InvocationInput,
    ) -> InvocationEnd {
        let first = input.operations.first().and_then(|execution| execution.execution_details.as_ref());
        let info = InvocationInfo {
            execution_arn: input.durable_execution_arn.clone(),
            input: first.and_then(|details| details.input_payload.clone()).unwrap_or_else(|| "null".into()),
            request_id: request_id.clone(),
            function_arn: hosted.metadata.function_arn.clone(),
        };
        let operations = match self.whole_state(hosted, input.operations, input.next_marker, &input.checkpoint_token) {
            Ok(operations) => operations,
            Err(error) => return InvocationEnd::Crashed(error.error_object()),
        };
        let invocation = Invocation {
            replay: Replay::new(input.checkpoint_token, operations, Mode::Live),
            info,
            client: Box::new(HostedClient { service: Arc::clone(self), hosted: Arc::clone(hosted) }),
            clock: hosted.member.timeline().clock().clone(),
            options: Arc::new(self.invoke_options(&hosted.function)),
            sink: self.log_lines(hosted, &request_id),
        };
        complete(self.sandbox(), artifact, invocation).await.end
    }

    fn invoke_options(&self, function: &FunctionVersion) -> InvokeOptions {
        let settings = &function.settings;
        InvokeOptions {
            random: RandomSource::Os,
            memory_limit: settings.memory_mb * 1024 * 1024,
            deadline: settings.timeout(),
            preopens: settings.preopens.clone(),
            allowed_hosts: settings.allowed_hosts.clone(),
            environment: settings.environment.clone().into_iter().collect(),
            ..InvokeOptions::default()
        }
    }

    /// Follows the pages of the state to their end.
    fn whole_state(
        &self,
        hosted: &Hosted,
        mut operations: Vec<Arc<Operation>>,
        mut marker: Option<String>,
        token: &str,
    ) -> Result<Vec<Arc<Operation>>, ServiceError> {
        while let Some(from) = marker {
            let page = self.state(&hosted.arn, token, Some(&from), 0)?;
            operations.extend(page.operations);
            marker = page.next_marker;
        }
        Ok(operations)
    }

    /// Returns what takes a component's lines to the log.
    fn log_lines(&self, hosted: &Arc<Hosted>, request_id: &str) -> Option<Sink> {
        let log = self.function_log();
        let (hosted, request_id) = (Arc::clone(hosted), request_id.to_owned());
        Some(Arc::new(move |line: &LogLine| log(&record(&hosted, &request_id, line))))
    }
}

fn record(hosted: &Hosted, request_id: &str, line: &LogLine) -> LogRecord {
    let level = match (line.level, line.stream) {
        (Some(LogLevel::Error), _) => "ERROR",
        (Some(LogLevel::Warn), _) => "WARN",
        (Some(LogLevel::Debug), _) => "DEBUG",
        (Some(LogLevel::Trace), _) => "TRACE",
        (Some(LogLevel::Info), _) | (None, Stream::Stdout | Stream::Log) => "INFO",
        (None, Stream::Stderr) => "ERROR",
    };
    let mut record = LogRecord::new(level, &line.message, line.timestamp)
        .of_function(&hosted.function.name)
        .of_execution(&hosted.arn)
        .with("requestId", request_id);
    if let Value::Object(fields) = &line.fields {
        for (name, value) in fields {
            record.fields.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    if let Some(target) = &line.target {
        record = record.with("target", target.clone());
    }
    if let Some(id) = &line.operation_id {
        let name = hosted.execution().operation(id).and_then(|operation| operation.name.clone());
        record = record.with("operationId", id.clone());
        if let Some(name) = name {
            record = record.with("operationName", name.as_str());
        }
    }
    match line.attempt {
        Some(attempt) => record.with("attempt", attempt),
        None => record,
    }
}

/// What an invocation needs before it may begin: first room among the processes of its function, so that who
/// waits for that takes nothing from the other functions.
pub struct Turn {
    pub room: Option<Room>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Service {
    /// Waits until an invocation of a function may begin.
    pub(crate) async fn turn(&self, function: &FunctionVersion) -> Turn {
        let room = match &function.code {
            Code::Process(processes) => processes.room().await,
            Code::Component(_) | Code::Remote(_) => None,
        };
        Turn { room, _permit: self.invocation_permit().await }
    }

    /// Lets an invocation begin whose caller does not wait, unless too many run.
    pub(crate) fn turn_at_once(&self) -> Result<Turn, ServiceError> {
        Ok(Turn { room: None, _permit: Some(self.permit_at_once()?) })
    }
}

/// One call of a function that is not a component.
pub struct Call {
    pub request_id: String,
    pub payload: Vec<u8>,
    pub function_arn: String,
    pub trace_id: Option<String>,
    pub client_context: Option<String>,
    pub tenant_id: Option<String>,
    /// Whether the payload is a durable invocation event.
    pub is_durable: bool,
    /// Room among the function's processes, if it was waited for.
    pub room: Option<Room>,
}

/// Calls a process or a function elsewhere.
pub async fn call_function(function: &FunctionVersion, call: Call) -> Result<Bytes, NoResult> {
    match &function.code {
        Code::Component(_) => {
            let message = "the function is a component, and those are durable";
            Err(NoResult::Refused(ServiceError::InvalidParameter(message.into())))
        }
        Code::Process(processes) => {
            let invocation = process::Invocation {
                request_id: call.request_id,
                payload: call.payload.into(),
                invoked_function_arn: Some(call.function_arn),
                trace_id: call.trace_id,
                client_context: call.client_context,
                tenant_id: call.tenant_id,
            };
            let answer = match call.room {
                Some(room) => processes.invoke_in(room, invocation).await,
                None => processes.invoke(invocation).await,
            };
            answer.map_err(|error| match error {
                InvokeError::Function(failure) => NoResult::Failed(Box::new(FunctionFailure::posted(failure))),
                InvokeError::TooManyRequests { .. } => {
                    NoResult::Refused(ServiceError::too_many_invocations(error.to_string()))
                }
                InvokeError::InvalidHeader { .. } => {
                    NoResult::Refused(ServiceError::InvalidParameter(error.to_string()))
                }
                InvokeError::ShuttingDown | InvokeError::Service(_) => {
                    NoResult::Refused(ServiceError::Service(error.to_string()))
                }
            })
        }
        Code::Remote(remote) => remote.invoke(call.payload, call.is_durable).await.map_err(|error| match error {
            RemoteError::Function(body) => {
                NoResult::Failed(Box::new(FunctionFailure::posted(FunctionError::reported(body))))
            }
            RemoteError::TimedOut { .. } => {
                let error = ErrorObject::new("Sandbox.Timedout", error.to_string());
                NoResult::Failed(Box::new(FunctionFailure::of(error)))
            }
            RemoteError::Endpoint { .. } | RemoteError::Unreachable { .. } => {
                NoResult::Refused(ServiceError::Service(error.to_string()))
            }
        }),
    }
}

/// Lambda's API, as a component in this process sees it.
struct HostedClient {
    service: Arc<Service>,
    hosted: Arc<Hosted>,
}

impl HostedClient {
    fn call(&self, request: CheckpointRequest) -> Result<CheckpointOutput, CheckpointFailure> {
        let mut output = self.service.checkpoint_hosted(&self.hosted, request, None).map_err(|error| {
            let operation_id = error.operation_id().map(str::to_owned);
            match error {
                // A stop or a timeout took the invocation's token: nothing is wrong with the handler.
                ServiceError::StaleToken => CheckpointFailure::Unavailable(error.error_object()),
                ServiceError::Service(_) => CheckpointFailure::Unavailable(error.error_object()),
                _ => CheckpointFailure::Rejected { error: error.error_object(), operation_id },
            }
        })?;
        if let (Some(marker), Some(token)) = (output.next_marker.take(), &output.token) {
            let operations = std::mem::take(&mut output.operations);
            output.operations = self
                .service
                .whole_state(&self.hosted, operations, Some(marker), token)
                .map_err(|error| CheckpointFailure::Unavailable(error.error_object()))?;
        }
        Ok(output)
    }
}

impl CheckpointClient for HostedClient {
    fn checkpoint<'a>(&'a mut self, request: CheckpointRequest) -> CheckpointFuture<'a> {
        let answer = self.call(request);
        Box::pin(std::future::ready(answer))
    }
}

/// Returns the sandbox that every component of a server is loaded by.
pub fn sandbox(cache: Option<std::path::PathBuf>) -> Result<Sandbox, durabox_runtime::ArtifactError> {
    Sandbox::new(durabox_runtime::SandboxOptions { cache_dir: cache })
}
