//! What is asked of Lambda, one method to a question.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::{Config, Credentials, StalledStreamProtectionConfig};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{ErrorObject as SdkErrorObject, InvocationType};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use durabox_runtime::model::{ErrorObject, Event, ExecutionStatus, Timestamp};

use super::error::{Place, ServiceFailure};
use super::{Cause, CloudError, CloudSettings, events};

/// Events to a page of a history; the most that Lambda gives.
const PAGE: i32 = 1000;

/// Input that an asynchronous invocation takes, bytes: 1 MB. Source: Lambda's API model.
const MAX_ASYNC_INPUT: usize = 1024 * 1024;

/// How long an execution that was just started may be unknown to those who ask for it.
const APPEARS_WITHIN: Duration = Duration::from_secs(30);

/// Lambda, asked about one deployed function.
#[derive(Clone, Debug)]
pub(super) struct CloudClient {
    client: Client,
    pub(super) function: String,
    pub(super) place: Place,
    pub(super) poll: Poll,
}

/// How often an execution is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Poll {
    /// The first pause; each is half as long again as the one before.
    pub(super) first: Duration,
    /// The longest pause.
    pub(super) longest: Duration,
}

impl Default for Poll {
    fn default() -> Self {
        Self { first: Duration::from_millis(200), longest: Duration::from_secs(2) }
    }
}

/// The pauses between questions about one execution.
#[derive(Debug)]
pub(super) struct Pauses {
    next: Duration,
    longest: Duration,
    started: Instant,
    limit: Duration,
}

impl Pauses {
    pub(super) fn new(poll: Poll, limit: Duration) -> Self {
        Self { next: poll.first, longest: poll.longest.max(poll.first), started: Instant::now(), limit }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) const fn limit(&self) -> Duration {
        self.limit
    }

    /// Waits, not past the limit; false when the time is up.
    pub(super) async fn pause(&mut self) -> bool {
        let left = self.limit.saturating_sub(self.elapsed());
        if left.is_zero() {
            return false;
        }
        tokio::time::sleep(self.next.min(left)).await;
        self.next = (self.next * 3 / 2).min(self.longest);
        true
    }

    /// Makes the next pause the longest.
    pub(super) fn slow_down(&mut self) {
        self.next = self.longest;
    }

    /// Whether what was just started may still be unknown.
    pub(super) fn may_appear(&self) -> bool {
        self.elapsed() < APPEARS_WITHIN
    }
}

/// Where an execution stands.
#[derive(Clone, Debug)]
pub(super) struct Description {
    pub(super) status: ExecutionStatus,
    pub(super) input: Option<String>,
    pub(super) result: Option<String>,
    pub(super) error: Option<ErrorObject>,
    pub(super) start: Timestamp,
    pub(super) end: Option<Timestamp>,
}

impl CloudClient {
    /// Connects to nothing yet.
    pub(super) async fn new(settings: &CloudSettings, function: String, poll: Poll) -> Self {
        Self::of(connect(settings).await, function, Place::from(settings), poll)
    }

    pub(super) const fn of(client: Client, function: String, place: Place, poll: Poll) -> Self {
        Self { client, function, place, poll }
    }

    /// Starts an execution and returns its ARN.
    ///
    /// It is invoked as an event, so that no connection is held while it runs. An input that is too
    /// large for that is sent synchronously, and waits for the execution's end without a time limit.
    pub(super) async fn invoke(&self, input: String, execution_name: Option<String>) -> Result<String, CloudError> {
        let kind = match input.len() > MAX_ASYNC_INPUT {
            true => InvocationType::RequestResponse,
            false => InvocationType::Event,
        };
        let request = self.client.invoke().function_name(&self.function).invocation_type(kind);
        let request = request.set_durable_execution_name(execution_name).payload(Blob::new(input.into_bytes()));
        let answer = request.send().await.map_err(|error| CloudError::Invoke {
            function: self.function.clone(),
            place: self.place.clone(),
            failure: ServiceFailure::of(&error),
        })?;
        if let Some(arn) = answer.durable_execution_arn {
            return Ok(arn);
        }
        // An execution that fails is no function error; a function that is not durable may have one.
        match answer.function_error {
            Some(_) => Err(CloudError::FunctionFailed {
                function: self.function.clone(),
                place: self.place.clone(),
                error: answer.payload.as_ref().map(|payload| function_error(payload.as_ref())).unwrap_or_default(),
            }),
            None => Err(CloudError::NoExecutionArn { function: self.function.clone() }),
        }
    }

    /// Asks where an execution stands.
    pub(super) async fn describe(&self, arn: &str) -> Result<Description, ServiceFailure> {
        let request = self.client.get_durable_execution().durable_execution_arn(arn).customize();
        // Whoever waits asks again anyway, and knows how long it may.
        let answer = request.config_override(Config::builder().retry_config(RetryConfig::disabled())).send().await;
        let answer = answer.map_err(|error| ServiceFailure::of(&error))?;
        Ok(Description {
            status: events::status(&answer.status),
            input: answer.input_payload.clone(),
            result: answer.result.clone(),
            error: answer.error.as_ref().map(events::error),
            start: events::timestamp(&answer.start_timestamp),
            end: answer.end_timestamp.as_ref().map(events::timestamp),
        })
    }

    pub(super) fn status_error(&self, arn: &str, failure: ServiceFailure) -> CloudError {
        CloudError::Status { arn: arn.to_owned(), place: self.place.clone(), failure }
    }

    /// Reads a history, all its pages.
    pub(super) async fn history(&self, arn: &str) -> Result<Vec<Event>, CloudError> {
        let mut pages = self
            .client
            .get_durable_execution_history()
            .durable_execution_arn(arn)
            .include_execution_data(true)
            .max_items(PAGE)
            .into_paginator()
            .send();
        let mut history = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CloudError::History {
                arn: arn.to_owned(),
                place: self.place.clone(),
                failure: ServiceFailure::of(&error),
            })?;
            history.extend(page.events.iter().filter_map(events::event));
        }
        Ok(history)
    }

    /// Returns the newest event of a history, if it can be had; nobody waits for it in vain.
    pub(super) async fn newest_event(&self, arn: &str) -> Option<Event> {
        let request = self.client.get_durable_execution_history().durable_execution_arn(arn);
        let page = request.reverse_order(true).max_items(1).send().await.ok()?;
        page.events.first().and_then(events::event)
    }

    /// Ends a callback with these bytes.
    pub(super) async fn succeed(&self, callback_id: &str, result: Option<String>) -> Result<(), CloudError> {
        let request = self.client.send_durable_execution_callback_success().callback_id(callback_id);
        let sent = request.set_result(result.map(|result| Blob::new(result.into_bytes()))).send().await;
        self.sent("success", callback_id, sent.map(drop).map_err(|error| ServiceFailure::of(&error)))
    }

    /// Ends a callback with an error.
    pub(super) async fn fail(&self, callback_id: &str, error: &ErrorObject) -> Result<(), CloudError> {
        let request = self.client.send_durable_execution_callback_failure().callback_id(callback_id);
        let sent = request.error(sdk_error(error)).send().await;
        self.sent("failure", callback_id, sent.map(drop).map_err(|error| ServiceFailure::of(&error)))
    }

    /// Starts the heartbeat timeout of a callback anew.
    pub(super) async fn heartbeat(&self, callback_id: &str) -> Result<(), CloudError> {
        let sent = self.client.send_durable_execution_callback_heartbeat().callback_id(callback_id).send().await;
        self.sent("heartbeat", callback_id, sent.map(drop).map_err(|error| ServiceFailure::of(&error)))
    }

    fn sent(&self, action: &'static str, id: &str, sent: Result<(), ServiceFailure>) -> Result<(), CloudError> {
        sent.map_err(|failure| CloudError::Callback {
            action,
            function: self.function.clone(),
            callback_id: id.to_owned(),
            place: self.place.clone(),
            failure,
        })
    }

    /// Stops an execution.
    pub(super) async fn stop(&self, arn: &str, error: Option<&ErrorObject>) -> Result<(), CloudError> {
        let request = self.client.stop_durable_execution().durable_execution_arn(arn);
        let stopped = request.set_error(error.map(sdk_error)).send().await;
        stopped.map(drop).map_err(|error| CloudError::Stop {
            arn: arn.to_owned(),
            place: self.place.clone(),
            failure: ServiceFailure::of(&error),
        })
    }

    /// Waits for an execution's end.
    ///
    /// Only the execution is asked for, as histories are throttled at about 15 reads a second. A
    /// question that fails for the moment is asked again; `is_new` says that the execution was
    /// just started, and may not be known everywhere yet.
    pub(super) async fn wait(&self, arn: &str, limit: Duration, is_new: bool) -> Result<Description, CloudError> {
        let mut pauses = Pauses::new(self.poll, limit);
        let mut last_status = None;
        loop {
            match self.describe(arn).await {
                Ok(description) if description.status.is_terminal() => return Ok(description),
                Ok(description) => last_status = Some(description.status),
                Err(failure) if failure.cause == Cause::NotFound && is_new && pauses.may_appear() => {}
                Err(failure) if failure.cause.is_transient() && pauses.elapsed() < limit => pauses.slow_down(),
                Err(failure) => return Err(self.status_error(arn, failure)),
            }
            if !pauses.pause().await {
                return Err(self.time_is_up(arn, &pauses, last_status).await);
            }
        }
    }

    async fn time_is_up(&self, arn: &str, pauses: &Pauses, last_status: Option<ExecutionStatus>) -> CloudError {
        let elapsed = pauses.elapsed();
        let newest = self.newest_event(arn).await;
        CloudError::Timeout {
            function: self.function.clone(),
            arn: arn.to_owned(),
            place: self.place.clone(),
            limit: pauses.limit(),
            elapsed,
            last_status,
            last_event: newest.map(|event| super::error::last_event(&event, now())),
        }
    }
}

/// Returns the SDK's client; credentials are those that every AWS tool finds.
pub(super) async fn connect(settings: &CloudSettings) -> Client {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(settings.region.clone()))
        .http_client(http.build_https())
        // A synchronous invocation answers after up to 15 minutes, and sends nothing until then.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint);
        let token = std::env::var("DURABOX_TOKEN").ok().filter(|token| !token.is_empty());
        if is_on_this_machine(endpoint) && (token.is_some() || !names_credentials()) {
            // Requests are signed whoever reads them; nobody but this machine sees these. The key is what
            // `durabox serve --token` asks for.
            let key = token.unwrap_or_else(|| "local".to_owned());
            loader = loader.credentials_provider(Credentials::new(key, "local", None, None, "durabox"));
        }
    }
    Client::new(&loader.load().await)
}

/// Whether an endpoint is one of a server on this machine, such as `durabox serve` or SAM.
pub(super) fn is_on_this_machine(endpoint: &str) -> bool {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => authority.split(':').next().unwrap_or(authority),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether the environment says whose credentials to use.
fn names_credentials() -> bool {
    const VARIABLES: [&str; 5] = [
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    VARIABLES.iter().any(|variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty()))
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn sdk_error(error: &ErrorObject) -> SdkErrorObject {
    let trace = (!error.stack_trace.is_empty()).then(|| error.stack_trace.clone());
    SdkErrorObject::builder()
        .set_error_message(error.error_message.clone())
        .set_error_type(error.error_type.clone())
        .set_error_data(error.error_data.clone())
        .set_stack_trace(trace)
        .build()
}

/// Reads what a function that failed answered: `{"errorMessage": …, "errorType": …}`.
pub(super) fn function_error(payload: &[u8]) -> ErrorObject {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        error_message: Option<String>,
        error_type: Option<String>,
    }
    match serde_json::from_slice::<Answer>(payload) {
        Ok(Answer { error_message, error_type }) => ErrorObject { error_message, error_type, ..ErrorObject::default() },
        Err(_) => {
            ErrorObject { error_message: Some(String::from_utf8_lossy(payload).into_owned()), ..ErrorObject::default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{function_error, is_on_this_machine};

    #[test]
    fn only_servers_on_this_machine_are_asked_without_credentials() {
        for endpoint in ["http://127.0.0.1:3001", "http://localhost:3001/", "http://[::1]:3001", "https://127.8.8.8"] {
            assert!(is_on_this_machine(endpoint), "{endpoint}");
        }
        for endpoint in ["https://lambda.us-west-2.amazonaws.com", "http://localhost.example.com", "http://10.0.0.1:80"]
        {
            assert!(!is_on_this_machine(endpoint), "{endpoint}");
        }
    }

    #[test]
    fn what_a_function_that_failed_says_is_read_whatever_it_is() {
        let error = function_error(br#"{"errorMessage": "no", "errorType": "Declined", "trace": []}"#);
        assert_eq!((error.error_type.as_deref(), error.error_message.as_deref()), (Some("Declined"), Some("no")));
        assert_eq!(function_error(b"out of memory").error_message.as_deref(), Some("out of memory"));
    }
}
