//! Functions elsewhere, behind an endpoint that answers Lambda's Invoke.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Most bytes of an answer: Lambda's 6 MiB, and its headers' worth.
const MAX_ANSWER: usize = 6 * 1024 * 1024 + 4096;

/// Marks an event as the invocation of a durable function by its service, as the official local runner does.
const HANDLER_INVOKE: HeaderName = HeaderName::from_static("x-dex-handler-invoke");

/// A function of this name at an endpoint.
#[derive(Clone, Debug)]
pub struct Remote {
    client: Client<HttpConnector, Full<Bytes>>,
    uri: Uri,
    /// How long to wait for an answer.
    timeout: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The function answered with an error.
    #[error("the function answered with an error")]
    Function(Bytes),
    /// The endpoint did.
    #[error("{uri} answered {status}: {body}")]
    Endpoint {
        /// Where.
        uri: Uri,
        /// What.
        status: StatusCode,
        /// And why.
        body: String,
    },
    /// There is none, or it broke off.
    #[error("{uri} cannot be reached: {problem}")]
    Unreachable {
        /// Where.
        uri: Uri,
        /// Why.
        problem: String,
    },
    /// It took too long.
    #[error("{uri} did not answer within {} seconds", timeout.as_secs())]
    TimedOut {
        /// Where.
        uri: Uri,
        /// How long was waited.
        timeout: Duration,
    },
}

impl Remote {
    /// Returns the function `name` at `endpoint`, such as `http://127.0.0.1:3001`.
    pub fn new(endpoint: &str, name: &str, timeout: Duration) -> Result<Self, String> {
        let text = format!("{}/2015-03-31/functions/{name}/invocations", endpoint.trim_end_matches('/'));
        let uri: Uri = text.parse().map_err(|error| format!("{endpoint:?} is no endpoint: {error}"))?;
        if uri.scheme_str() != Some("http") || uri.authority().is_none() {
            return Err(format!("an endpoint of functions is `http://HOST:PORT`, got {endpoint:?}"));
        }
        Ok(Self { client: Client::builder(TokioExecutor::new()).build_http(), uri, timeout })
    }

    /// Invokes the function and waits for its answer.
    pub async fn invoke(&self, payload: Vec<u8>, is_durable: bool) -> Result<Bytes, RemoteError> {
        match tokio::time::timeout(self.timeout, self.send(payload, is_durable)).await {
            Ok(answer) => answer,
            Err(_) => Err(RemoteError::TimedOut { uri: self.uri.clone(), timeout: self.timeout }),
        }
    }

    async fn send(&self, payload: Vec<u8>, is_durable: bool) -> Result<Bytes, RemoteError> {
        let unreachable = |problem: String| RemoteError::Unreachable { uri: self.uri.clone(), problem };
        let mut request = Request::post(self.uri.clone())
            .header("content-type", "application/json")
            .header("x-amz-invocation-type", "RequestResponse")
            .body(Full::new(Bytes::from(payload)))
            .map_err(|error| unreachable(error.to_string()))?;
        if is_durable {
            request.headers_mut().insert(HANDLER_INVOKE, HeaderValue::from_static("true"));
        }
        let response = self.client.request(request).await.map_err(|error| unreachable(causes(&error)))?;
        let status = response.status();
        let failed = response.headers().contains_key("x-amz-function-error");
        let body = Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await
            .map_err(|error| unreachable(error.to_string()))?
            .to_bytes();
        if !status.is_success() {
            let body = String::from_utf8_lossy(&body).chars().take(1000).collect();
            return Err(RemoteError::Endpoint { uri: self.uri.clone(), status, body });
        }
        if failed { Err(RemoteError::Function(body)) } else { Ok(body) }
    }
}

/// Returns an error with its causes, of which the last says most.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
