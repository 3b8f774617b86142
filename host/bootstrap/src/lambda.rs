//! The service, asked over HTTP with aws-sdk-lambda; and what the Runtime API is told of a failed start.

use std::env;
use std::time::{Duration, Instant};

use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_lambda::{Client, Config};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use durabox_runtime::engine::{CheckpointOutput, CheckpointRequest};
use durabox_runtime::model::{ErrorObject, MAX_PAGE_SIZE, Operation};
use durabox_runtime::sandbox::{CheckpointClient, CheckpointFailure, CheckpointFuture};
use lambda_runtime_api_client::body::Body;

use crate::convert;
use crate::failure::classify;
use crate::log::Log;

type Operations = Vec<std::sync::Arc<Operation>>;

/// How long the service may take for one attempt; an answer that is lost is asked for again.
const ATTEMPT: Duration = Duration::from_secs(10);

/// Returns the client of this function's region, with the function's credentials and the retries of
/// every AWS SDK: three attempts, backing off.
pub(crate) fn client() -> Client {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let flag = |name: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let endpoint = variable("AWS_ENDPOINT_URL_LAMBDA").or_else(|| variable("AWS_ENDPOINT_URL"));
    let is_plain = endpoint.as_deref().is_some_and(|url| url.starts_with("http://"));
    // Root certificates take longer to read than everything else here.
    let http = match is_plain {
        true => Builder::new().build_http(),
        false => Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https(),
    };
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::standard())
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build())
        .use_fips(flag("AWS_USE_FIPS_ENDPOINT"))
        .use_dual_stack(flag("AWS_USE_DUALSTACK_ENDPOINT"))
        .region(variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).map(Region::new));
    config.set_endpoint_url(endpoint);
    if let (Some(id), Some(secret)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
        let token = variable("AWS_SESSION_TOKEN");
        config = config.credentials_provider(Credentials::new(id, secret, token, None, "Environment"));
    }
    Client::from_conf(config.build())
}

/// The service, as one invocation asks it.
pub(crate) struct Service {
    client: Client,
    execution_arn: String,
    /// When the last request must be over.
    until: Instant,
    log: Log,
}

impl Service {
    pub(crate) fn new(client: Client, execution_arn: String, until: Instant, log: Log) -> Self {
        Self { client, execution_arn, until, log }
    }

    /// Returns the pages of the state from `marker` on.
    pub(crate) async fn state(&self, token: &str, marker: Option<String>) -> Result<Operations, CheckpointFailure> {
        let pages = self.pages(token, marker);
        self.in_time("GetDurableExecutionState", pages).await
    }

    async fn pages(&self, token: &str, mut marker: Option<String>) -> Result<Operations, CheckpointFailure> {
        let mut operations = Vec::new();
        while let Some(from) = marker {
            let page = self
                .client
                .get_durable_execution_state()
                .durable_execution_arn(&self.execution_arn)
                .checkpoint_token(token)
                .marker(from)
                .max_items(MAX_PAGE_SIZE as i32)
                .send()
                .await
                .map_err(classify)?;
            operations.extend(known(page.operations)?);
            marker = present(page.next_marker);
        }
        Ok(operations)
    }

    async fn send(&self, request: CheckpointRequest) -> Result<CheckpointOutput, CheckpointFailure> {
        let updates = request.updates.into_iter().map(convert::update).collect::<Result<Vec<_>, _>>();
        let updates = updates.map_err(|error| CheckpointFailure::Rejected {
            error: ErrorObject::new("InvalidParameterValueException", error.to_string()),
            operation_id: None,
        })?;
        // The client token is the SDK's: one to a call, the same on each of its attempts.
        let output = self
            .client
            .checkpoint_durable_execution()
            .durable_execution_arn(&self.execution_arn)
            .checkpoint_token(request.token)
            .set_updates(Some(updates))
            .send()
            .await
            .map_err(classify)?;
        let (operations, marker) = output
            .new_execution_state
            .map(|state| (state.operations.unwrap_or_default(), present(state.next_marker)))
            .unwrap_or_default();
        let mut operations = known(operations)?;
        let token = present(output.checkpoint_token);
        if let Some(token) = &token {
            operations.extend(self.pages(token, marker).await?);
        }
        Ok(CheckpointOutput { token, operations, next_marker: None })
    }

    /// Ends a call that would outlast the invocation, and writes what failed to the log.
    async fn in_time<T>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T, CheckpointFailure>>,
    ) -> Result<T, CheckpointFailure> {
        let result = tokio::time::timeout_at(self.until.into(), call).await.unwrap_or_else(|_| {
            let message = format!("{what} had no answer when the invocation's time was up");
            Err(CheckpointFailure::Unavailable(ErrorObject::new("Sandbox.Timedout", message)))
        });
        match &result {
            Ok(_) => {}
            Err(CheckpointFailure::Rejected { error, .. }) => {
                self.log.error(&format!("{what} was rejected, so the execution fails"), error);
            }
            Err(CheckpointFailure::Unavailable(error)) => {
                self.log.error(&format!("{what} failed, so the invocation crashes and Lambda retries it"), error);
            }
        }
        result
    }
}

impl CheckpointClient for Service {
    fn checkpoint<'a>(&'a mut self, request: CheckpointRequest) -> CheckpointFuture<'a> {
        Box::pin(async move { self.in_time("CheckpointDurableExecution", self.send(request)).await })
    }
}

fn known(received: Vec<aws_sdk_lambda::types::Operation>) -> Result<Operations, CheckpointFailure> {
    convert::operations(received).map_err(|unknown| CheckpointFailure::Rejected {
        error: ErrorObject::new("UnknownOperation", unknown.to_string()),
        operation_id: None,
    })
}

fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Tells the Runtime API why the function did not start.
pub(crate) async fn report_init_error(message: &str) -> Result<(), lambda_runtime::Error> {
    const KIND: &str = "Runtime.InitError";
    let error = serde_json::json!({ "errorType": KIND, "errorMessage": message, "stackTrace": [] });
    let request = http::Request::post("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", KIND)
        .body(Body::from(error.to_string()))?;
    let answer = lambda_runtime_api_client::PooledClient::builder().build().call(request).await?;
    match answer.status().is_success() {
        true => Ok(()),
        false => Err(format!("it answered {}", answer.status()).into()),
    }
}
