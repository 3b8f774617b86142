//! Lambda's API over HTTP: reads requests, asks the [`Service`], writes Lambda's answers.

mod callbacks;
mod error;
mod executions;
mod functions;
mod invoke;
mod request;

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::json;
use uuid::Uuid;

use crate::Service;
use error::ApiError;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Largest body that is read, bytes: a zip in base64, and room for the rest. Lambda takes 50 MB zipped.
const MAX_BODY: usize = 70 * 1024 * 1024;

/// What may use the API.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Asked of every request but `/health`, as `Authorization: Bearer TOKEN` or as the access key id that a
    /// request is signed with; absent on the loopback interface only.
    pub token: Option<String>,
}

/// Returns the routes.
pub fn router(service: Arc<Service>, access: Access) -> Router {
    const EXECUTION: &str = "/2025-12-01/durable-executions/{arn}";
    const CALLBACK: &str = "/2025-12-01/durable-execution-callbacks/{id}";
    const FUNCTION: &str = "/2015-03-31/functions/{name}";
    let under = |path: &str, rest: &str| format!("{path}{rest}");
    Router::new()
        .route(EXECUTION, get(executions::get).delete(executions::delete))
        .route(&under(EXECUTION, "/checkpoint"), post(executions::checkpoint))
        .route(&under(EXECUTION, "/history"), get(executions::history))
        .route(&under(EXECUTION, "/state"), get(executions::state))
        .route(&under(EXECUTION, "/stop"), post(executions::stop))
        .route(&under(EXECUTION, "/pause"), post(executions::pause))
        .route(&under(EXECUTION, "/resume"), post(executions::resume))
        .route("/2025-12-01/functions/{name}/durable-executions", get(executions::list))
        .route(&under(CALLBACK, "/succeed"), post(callbacks::succeed))
        .route(&under(CALLBACK, "/fail"), post(callbacks::fail))
        .route(&under(CALLBACK, "/heartbeat"), post(callbacks::heartbeat))
        .route(&under(FUNCTION, "/invocations"), post(invoke::invoke))
        .route("/2015-03-31/functions", get(functions::list).post(functions::create))
        .route("/2015-03-31/functions/", get(functions::list).post(functions::create))
        .route(FUNCTION, get(functions::get).delete(functions::delete))
        .route(&under(FUNCTION, "/configuration"), get(functions::configuration).put(functions::update_configuration))
        .route(&under(FUNCTION, "/code"), put(functions::update_code))
        .route(&under(FUNCTION, "/versions"), get(functions::versions).post(functions::publish))
        .route(&under(FUNCTION, "/aliases"), get(functions::aliases).post(functions::create_alias))
        .route(&under(FUNCTION, "/aliases/{alias}"), get(functions::alias).put(functions::update_alias))
        .route("/durabox/functions/{name}/code/{version}", get(functions::code))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(middleware::from_fn_with_state(Arc::new(access), admit))
        .route("/health", get(health).fallback(unknown))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), observe))
        .with_state(service)
}

async fn health(State(service): State<Arc<Service>>) -> Response {
    Json(json!({ "status": "ok", "openExecutions": service.open_count() })).into_response()
}

async fn unknown(method: Method, uri: axum::http::Uri) -> ApiError {
    ApiError::unknown_operation(&method, uri.path())
}

/// Refuses requests without the token, and those of web pages: a page that happens to be open on this
/// machine must not invoke functions.
async fn admit(State(access): State<Arc<Access>>, request: Request, next: Next) -> Result<Response, ApiError> {
    if request.headers().contains_key(header::ORIGIN) {
        return Err(ApiError::access_denied("requests of web pages (with an Origin header) are refused"));
    }
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match &access.token {
        Some(token) if !given.is_some_and(|given| carries(given, token)) => Err(ApiError::access_denied(
            "this server asks for its token: as `Authorization: Bearer TOKEN`, or as the AWS access key id",
        )),
        _ => Ok(next.run(request).await),
    }
}

/// Whether an Authorization header carries the token, compared in constant time.
fn carries(authorization: &str, token: &str) -> bool {
    let given = match authorization.strip_prefix("Bearer ") {
        Some(bearer) => bearer,
        None => {
            let credential = authorization.split("Credential=").nth(1).unwrap_or_default();
            credential.split('/').next().unwrap_or_default()
        }
    };
    given.len() == token.len()
        && given.bytes().zip(token.bytes()).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
}

/// Gives every answer a request id, and logs failed requests, and with `DEBUG` the others.
async fn observe(State(service): State<Arc<Service>>, mut request: Request, next: Next) -> Response {
    let id = Uuid::new_v4().to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));
    let start = Instant::now();
    let mut response = next.run(request).await;
    let status = response.status();
    let level = match status {
        status if status.is_server_error() => "ERROR",
        status if status.is_client_error() => "WARN",
        _ => "DEBUG",
    };
    let exception = response.headers().get(error::ERROR_TYPE).and_then(|value| value.to_str().ok());
    let message = match exception {
        Some(exception) => format!("{method} {path} {} {exception}", status.as_u16()),
        None => format!("{method} {path} {}", status.as_u16()),
    };
    service.log(
        &crate::LogRecord::new(level, message, service.now())
            .with("requestId", id.clone())
            .with("durationMs", u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)),
    );
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The id of a request, as its answer tells it.
#[derive(Clone, Debug)]
struct RequestId(String);

/// Returns an empty JSON object, which several operations answer.
fn empty(status: StatusCode) -> Response {
    (status, Json(json!({}))).into_response()
}
