//! Invoke: starts an execution of a durable function, or calls a plain one.

use std::sync::{Arc, PoisonError};

use axum::body::Bytes;
use durabox_runtime::engine::service::{Execution, ExecutionConfig, StartExecution};
use durabox_runtime::model::{MAX_INPUT_SIZE, MAX_PAYLOAD_SIZE, MAX_RESULT_SIZE};
use durabox_runtime::store::{self, HostedRun, NewRun};
use serde_json::Value;
use uuid::Uuid;

use super::{Service, ServiceError};
use crate::driver;
use crate::function::FunctionVersion;
use crate::hosted::{Hosted, Metadata, Parent};
use crate::invoke::{Call, FunctionFailure, NoResult, call_function};
use crate::names::{FunctionName, is_execution_name};
use crate::timeline::Timeline;

/// Largest payload of an asynchronous invocation, bytes. Source: API model.
const MAX_ASYNC_INPUT_SIZE: usize = 1024 * 1024;

/// Longest synchronous execution, seconds. Source: Lambda's developer guide.
const MAX_SYNC_SECONDS: u64 = 900;

/// An Invoke.
#[derive(Clone, Debug)]
pub struct StartRequest {
    /// The function.
    pub function: FunctionName,
    /// The event, JSON; empty is `{}`.
    pub payload: Bytes,
    /// Makes the start idempotent.
    pub execution_name: Option<String>,
    /// Whether the caller waits for the end.
    pub is_sync: bool,
    /// X-Ray's header.
    pub trace_header: Option<String>,
    /// The tenant.
    pub tenant_id: Option<String>,
    /// Handed to a plain function.
    pub client_context: Option<String>,
    /// Whether the caller wants the end of the log.
    pub wants_log: bool,
}

/// What an Invoke leads to.
#[derive(Debug)]
pub enum Invoked {
    /// An execution that goes on; it may have been there before.
    Open(Arc<Hosted>),
    /// An execution of this name that has closed, in the store.
    Closed(store::Hosted),
    /// A plain function, which is still to be called.
    Plain(Arc<FunctionVersion>),
}

impl Service {
    /// Checks an Invoke without carrying it out, and returns the version that it would run.
    pub fn check_invoke(&self, request: &StartRequest) -> Result<Arc<FunctionVersion>, ServiceError> {
        let function = &request.function;
        let version = self.registry.find(function).ok_or_else(|| self.function_not_found(function))?;
        let (kind, limit) = match request.is_sync {
            true => ("RequestResponse", MAX_INPUT_SIZE),
            false => ("Event", MAX_ASYNC_INPUT_SIZE),
        };
        let size = request.payload.len();
        if size > limit {
            return Err(ServiceError::RequestTooLarge(format!(
                "{size} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
            )));
        }
        if let Err(error) = parse(&request.payload) {
            return Err(ServiceError::InvalidRequestContent(format!(
                "Could not parse request body into json: {error}"
            )));
        }
        match &request.execution_name {
            Some(_) if !version.is_durable() => {
                let message = "DurableExecutionName is for durable functions; this function has no DurableConfig";
                return Err(ServiceError::InvalidParameter(message.into()));
            }
            Some(name) if !is_execution_name(name) => {
                return Err(ServiceError::InvalidParameter(format!(
                    "Value '{name}' at 'durableExecutionName' failed to satisfy constraint: \
                     1 to 64 characters of [a-zA-Z0-9-_]"
                )));
            }
            _ => {}
        }
        if version.is_durable() && function.qualifier.is_none() {
            return Err(ServiceError::InvalidParameter(
                "You cannot invoke a durable function using an unqualified ARN. Name a version, an alias or $LATEST."
                    .into(),
            ));
        }
        Ok(version)
    }

    /// Carries out an Invoke as far as it can be without waiting.
    pub fn invoke(self: &Arc<Self>, request: StartRequest) -> Result<Invoked, ServiceError> {
        let version = self.check_invoke(&request)?;
        if !version.is_durable() {
            return Ok(Invoked::Plain(version));
        }
        let Some(name) = request.execution_name.clone() else {
            let name = Uuid::new_v4().to_string();
            return self.start_new(version, name, &request).map(Invoked::Open);
        };
        // One start at a time, so that two of one name cannot both find nothing.
        let _starting = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        match self.store.hosted_by_name(&version.name, &name, self.now())? {
            Some(known) => self.attach(known, &version, &request),
            None => self.start_new(version, name, &request).map(Invoked::Open),
        }
    }

    /// Returns the execution that has the name already, if it is the same.
    fn attach(
        &self,
        known: store::Hosted,
        version: &FunctionVersion,
        request: &StartRequest,
    ) -> Result<Invoked, ServiceError> {
        let asked = self.function_arn(version, request);
        let same_function = serde_json::from_str::<Metadata>(&known.hosted)
            .is_ok_and(|metadata| metadata.version == version.version && metadata.function_arn == asked);
        let open = self.find_open(&known.arn);
        let input = match &open {
            Some(hosted) => hosted.execution().input().map(str::to_owned),
            None => self.store.hosted_execution(known.number)?.input().map(str::to_owned),
        };
        let same_input = match (input.as_deref().map(|input| parse(input.as_bytes())), parse(&request.payload)) {
            (Some(Ok(known)), Ok(given)) => known == given,
            _ => false,
        };
        if !same_function || !same_input {
            return Err(ServiceError::AlreadyStarted(known.arn));
        }
        Ok(open.map_or(Invoked::Closed(known), Invoked::Open))
    }

    fn start_new(
        self: &Arc<Self>,
        function: Arc<FunctionVersion>,
        name: String,
        request: &StartRequest,
    ) -> Result<Arc<Hosted>, ServiceError> {
        if request.is_sync {
            self.turn_at_once()?;
        }
        let arn = self.new_arn(&function, &name);
        let new = NewExecution {
            arn,
            name,
            input: input_text(&request.payload),
            function_arn: self.function_arn(&function, request),
            is_sync: request.is_sync,
            wants_log: request.wants_log,
            trace_header: request.trace_header.clone(),
            tenant_id: request.tenant_id.clone(),
            parent: None,
            timeline: Timeline::new(self.options.skip_time),
            function,
        };
        self.start(new)
    }

    /// Returns the ARN of a function as it is invoked, alias included.
    fn function_arn(&self, function: &FunctionVersion, request: &StartRequest) -> String {
        let qualifier = request.function.qualifier.as_deref().unwrap_or(&function.version);
        self.options.account.qualified_arn(&function.name, qualifier)
    }

    pub(super) fn new_arn(&self, function: &FunctionVersion, name: &str) -> String {
        self.options.account.execution_arn(&function.name, &function.version, name, &Uuid::new_v4().to_string())
    }

    /// Starts an execution and its driver.
    pub(super) fn start(self: &Arc<Self>, new: NewExecution) -> Result<Arc<Hosted>, ServiceError> {
        let limit = self.options.limits.open_executions;
        if self.open().len() >= limit {
            return Err(ServiceError::TooManyRequests {
                reason: "FunctionInvocationRateLimitExceeded",
                message: format!("Rate Exceeded: {limit} executions are open"),
            });
        }
        let durable_config = new.function.settings.durable_config.clone().unwrap_or_default();
        let timeout = durable_config.execution_timeout;
        let config = ExecutionConfig {
            execution_timeout_seconds: if new.is_sync { timeout.min(MAX_SYNC_SECONDS) } else { timeout },
            page_size: self.options.page_size,
            max_result_bytes: if new.parent.is_some() { MAX_PAYLOAD_SIZE } else { MAX_RESULT_SIZE },
            ..ExecutionConfig::default()
        };
        let member = new.timeline.join();
        let now = new.timeline.clock().now();
        let start = StartExecution { arn: new.arn, input: Some(new.input), config };
        let mut execution = Execution::start(start, now);
        let metadata = Metadata {
            version: new.function.version.clone(),
            function_arn: new.function_arn,
            durable_config,
            trace_header: new.trace_header,
            tenant_id: new.tenant_id,
        };
        let kept = serde_json::to_string(&metadata).map_err(|error| ServiceError::Service(error.to_string()))?;
        let run = NewRun {
            name: &new.name,
            function_name: &new.function.name,
            wasm_sha256: &new.function.code_sha256,
            seed: 0,
            invoked_by: new.parent.as_ref().map(|(number, parent)| (*number, parent.operation_id.as_str())),
            hosted: Some(HostedRun { kept: &kept, retention: metadata.retention() }),
        };
        let recorder = self.store.begin(&mut execution, &run)?;
        let parent = new.parent.map(|(_, parent)| parent);
        let mut hosted = Hosted::new(new.name, new.function, metadata, parent, member, execution, recorder);
        hosted.tail = new.wants_log.then(|| self.tails.follow(&hosted.arn));
        let hosted = Arc::new(hosted);
        self.open().insert(hosted.arn.clone(), Arc::clone(&hosted));
        tokio::spawn(driver::drive(Arc::clone(self), Arc::clone(&hosted)));
        Ok(hosted)
    }

    /// Calls a plain function and waits for its answer.
    pub async fn call_plain(
        &self,
        function: &FunctionVersion,
        request: StartRequest,
        request_id: String,
    ) -> Result<Bytes, PlainFailure> {
        // A caller does not wait for its turn, an event does.
        let turn = match request.is_sync {
            true => self.turn_at_once().map_err(PlainFailure::Refused)?,
            false => self.turn(function).await,
        };
        let qualifier = request.function.qualifier.as_deref();
        let account = &self.options.account;
        let call = Call {
            request_id,
            payload: input_text(&request.payload).into_bytes(),
            function_arn: match qualifier {
                Some(qualifier) => account.qualified_arn(&function.name, qualifier),
                None => account.function_arn(&function.name),
            },
            trace_id: request.trace_header,
            client_context: request.client_context,
            tenant_id: request.tenant_id,
            is_durable: false,
            room: turn.room,
        };
        call_function(function, call).await.map_err(|error| match error {
            NoResult::Failed(failure) => PlainFailure::Failed(failure),
            NoResult::Refused(error) => PlainFailure::Refused(error),
        })
    }

    /// Returns Lambda's error for a function that does not exist.
    pub(crate) fn function_not_found(&self, function: &FunctionName) -> ServiceError {
        let account = &self.options.account;
        let arn = match &function.qualifier {
            Some(qualifier) => account.qualified_arn(&function.name, qualifier),
            None => account.function_arn(&function.name),
        };
        ServiceError::NotFound(format!("Function not found: {arn}"))
    }
}

/// Why a plain function gave no result.
pub type PlainFailure = NoResult;

/// What an execution is started with.
pub(super) struct NewExecution {
    pub arn: String,
    pub name: String,
    pub function: Arc<FunctionVersion>,
    pub input: String,
    pub function_arn: String,
    pub is_sync: bool,
    pub wants_log: bool,
    pub trace_header: Option<String>,
    pub tenant_id: Option<String>,
    /// With its number in the store.
    pub parent: Option<(u64, Parent)>,
    pub timeline: Timeline,
}

fn parse(payload: &[u8]) -> serde_json::Result<Value> {
    if payload.is_empty() { Ok(Value::Object(serde_json::Map::new())) } else { serde_json::from_slice(payload) }
}

fn input_text(payload: &[u8]) -> String {
    if payload.is_empty() { "{}".to_owned() } else { String::from_utf8_lossy(payload).into_owned() }
}

/// Returns the answer's body of an execution that closed without a result.
pub fn failure(error: Option<&durabox_runtime::model::ErrorObject>) -> FunctionFailure {
    FunctionFailure::of(error.cloned().unwrap_or_default())
}
