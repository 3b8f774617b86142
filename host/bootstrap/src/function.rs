//! One invocation after another: from the event to the answer.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_lambda::Client;
use durabox_runtime::engine::replay::{Mode, Replay};
use durabox_runtime::engine::service::InvocationEnd;
use durabox_runtime::invocation::complete;
use durabox_runtime::model::{ErrorObject, InvocationEvent, InvocationInput, InvocationOutput, InvocationStatus};
use durabox_runtime::sandbox::{CheckpointFailure, Invocation, InvocationInfo, InvokeOptions, RandomSource};
use durabox_runtime::{Artifact, Clock, Sandbox};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::value::RawValue;

use crate::deadline::Deadline;
use crate::environment::{ALLOWED_HOSTS, DIRS, allowed_hosts, memory_limit, preopens, visible};
use crate::lambda::Service;
use crate::log::{self, Log};
use crate::package::{Loaded, PackageError};

/// The function of this package.
pub(crate) struct Function {
    sandbox: Sandbox,
    artifact: Artifact,
    client: Client,
    /// What every invocation is run with, but for its deadline.
    options: InvokeOptions,
}

impl Function {
    pub(crate) fn new(loaded: Loaded, client: Client) -> Result<Self, PackageError> {
        let Loaded { manifest, sandbox, artifact } = loaded;
        let hosts = env::var(ALLOWED_HOSTS).ok();
        let megabytes = env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok().and_then(|text| text.parse().ok());
        let options = InvokeOptions {
            // A step in the cloud is a step in the world: its clock and its random numbers are real.
            random: RandomSource::Os,
            allowed_hosts: allowed_hosts(hosts.as_deref(), &manifest.allowed_hosts)?,
            preopens: preopens(env::var(DIRS).ok().as_deref())?,
            environment: visible(
                env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
            ),
            // CloudWatch takes all of it.
            keep_output: false,
            memory_limit: megabytes.map_or(InvokeOptions::default().memory_limit, memory_limit),
            ..InvokeOptions::default()
        };
        Ok(Self { sandbox, artifact, client, options })
    }

    /// Answers an event. A crash is an error of the function, which Lambda retries; a failure of the
    /// execution is an answer.
    pub(crate) async fn invoke(&self, event: LambdaEvent<Box<RawValue>>) -> Result<InvocationOutput, Diagnostic> {
        let LambdaEvent { payload, context, .. } = event;
        let input = read(payload.get()).inspect_err(|error| {
            log::own("ERROR", &format!("request {}: {}", context.request_id, error.error_message));
        })?;
        let log = Log::new(&input.durable_execution_arn, &context.request_id);
        log.attribute();
        match self.run(input, &context, &log).await {
            InvocationEnd::Answered(output) => {
                if let (Some(InvocationStatus::Failed), Some(error)) = (output.status, &output.error) {
                    log.error("the execution failed", error);
                }
                Ok(output)
            }
            InvocationEnd::Crashed(error) => {
                log.error("the invocation crashed, Lambda retries it", &error);
                Err(diagnostic(error))
            }
        }
    }

    async fn run(&self, input: InvocationInput, context: &Context, log: &Log) -> InvocationEnd {
        let deadline = match Deadline::at(context.deadline) {
            Ok(deadline) => deadline,
            Err(left) => return too_late(left),
        };
        let arn = input.durable_execution_arn.clone();
        let service = Service::new(self.client.clone(), arn.clone(), deadline.answer, log.clone());
        let input = match whole(input, &service).await {
            Ok(input) => input,
            Err(CheckpointFailure::Unavailable(error)) => return InvocationEnd::Crashed(error),
            Err(CheckpointFailure::Rejected { error, .. }) => {
                return InvocationEnd::Answered(InvocationOutput::failed(Some(error)));
            }
        };
        let Some(payload) = input.input_payload() else {
            let message = "malformed invocation envelope: the first operation is not the EXECUTION with its input";
            return InvocationEnd::Crashed(ErrorObject::new("MalformedEvent", message));
        };
        // The pages may have taken most of the time.
        let handler = match deadline.handler() {
            Ok(left) => left,
            Err(left) => return too_late(left),
        };
        let invocation = Invocation {
            info: InvocationInfo {
                execution_arn: arn,
                input: payload.to_owned(),
                request_id: context.request_id.clone(),
                function_arn: context.invoked_function_arn.clone(),
            },
            replay: Replay::new(input.checkpoint_token, input.operations, Mode::Live),
            client: Box::new(service),
            clock: Clock::real(),
            options: Arc::new(InvokeOptions { deadline: handler, ..self.options.clone() }),
            sink: Some(log.sink()),
        };
        complete(&self.sandbox, &self.artifact, invocation).await.end
    }
}

/// Says that too little time is left to begin anything; the next invocation has more.
fn too_late(left: Duration) -> InvocationEnd {
    let message = format!("nothing was begun: {} ms are left of the invocation's time", left.as_millis());
    InvocationEnd::Crashed(ErrorObject::new("Sandbox.Timedout", message))
}

/// Reads an event.
fn read(event: &str) -> Result<InvocationInput, Diagnostic> {
    let malformed = |message: String| Diagnostic { error_type: "MalformedEvent".into(), error_message: message };
    let event = match event.trim_start().starts_with('{') {
        true => {
            serde_json::from_str(event).map_err(|error| malformed(format!("malformed invocation envelope: {error}")))?
        }
        false => InvocationEvent::default(),
    };
    event.into_input().map_err(|error| malformed(error.to_string()))
}

/// Fetches the pages of the state that the event has not brought.
async fn whole(mut input: InvocationInput, service: &Service) -> Result<InvocationInput, CheckpointFailure> {
    let marker = input.next_marker.take();
    input.operations.extend(service.state(&input.checkpoint_token, marker).await?);
    Ok(input)
}

fn diagnostic(error: ErrorObject) -> Diagnostic {
    Diagnostic {
        error_type: error.error_type.unwrap_or_else(|| "Runtime.ExitError".into()),
        error_message: error.error_message.unwrap_or_default(),
    }
}
