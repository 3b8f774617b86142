//! Invoke in its three types.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use durabox_runtime::model::ExecutionStatus;

use super::RequestId;
use super::error::ApiError;
use super::request::{Path, Query, header, header_as_given};
use crate::Service;
use crate::service::{Invoked, PlainFailure, ServiceError, StartRequest, failure};
use crate::tail::Tail;

const DURABLE_EXECUTION_ARN: HeaderName = HeaderName::from_static("x-amz-durable-execution-arn");
const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");

/// POST /2015-03-31/functions/{name}/invocations
pub async fn invoke(
    State(service): State<Arc<Service>>,
    Extension(request_id): Extension<RequestId>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let _caller = service.caller()?;
    let kind = header(&headers, "x-amz-invocation-type")?.unwrap_or_else(|| "RequestResponse".into());
    let is_sync = match kind.as_str() {
        "RequestResponse" | "DryRun" => true,
        "Event" => false,
        other => {
            return Err(ApiError::invalid(format!(
                "InvocationType must be RequestResponse, Event or DryRun, got {other:?}"
            )));
        }
    };
    let client_context = match header(&headers, "x-amz-client-context")? {
        Some(text) => Some(
            BASE64
                .decode(&text)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| ApiError::invalid("Client context must be a valid Base64-encoded JSON object."))?,
        ),
        None => None,
    };
    let wants_log = match header(&headers, "x-amz-log-type")?.as_deref() {
        Some("Tail") => is_sync,
        Some("None") | None => false,
        Some(other) => return Err(ApiError::invalid(format!("LogType must be None or Tail, got {other:?}"))),
    };
    let request = StartRequest {
        function: Query::of(&uri)?.function(&name)?,
        payload: body?,
        execution_name: header_as_given(&headers, "x-amz-durable-execution-name")?,
        is_sync,
        trace_header: header(&headers, "x-amzn-trace-id")?,
        tenant_id: header(&headers, "x-amz-tenant-id")?,
        client_context,
        wants_log,
    };
    if kind == "DryRun" {
        let version = service.check_invoke(&request)?;
        return Ok(answer(StatusCode::NO_CONTENT, &version.version, None, Bytes::new()));
    }
    match service.invoke(request.clone())? {
        Invoked::Open(hosted) => {
            let version = hosted.metadata.version.clone();
            if !is_sync {
                return Ok(answer(StatusCode::ACCEPTED, &version, Some(&hosted.arn), Bytes::new()));
            }
            tokio::select! {
                () = hosted.wait_closed() => {}
                () = service.ended() => return Err(left_open(&hosted.arn)),
            }
            let execution = hosted.execution();
            let answer = closed(&version, &hosted.arn, execution.status(), execution.result(), execution.error());
            Ok(with_log(answer, hosted.tail.as_ref()))
        }
        Invoked::Closed(kept) => {
            let snapshot = service.snapshot(&kept.arn)?;
            let (version, execution) = (&snapshot.metadata.version, &snapshot.execution);
            if !is_sync {
                return Ok(answer(StatusCode::ACCEPTED, version, Some(&kept.arn), Bytes::new()));
            }
            Ok(closed(version, &kept.arn, execution.status(), execution.result(), execution.error()))
        }
        Invoked::Plain(function) => {
            let version = function.version.clone();
            if !is_sync {
                let service = Arc::clone(&service);
                tokio::spawn(async move { call_later(&service, &function, request, request_id.0).await });
                return Ok(answer(StatusCode::ACCEPTED, &version, None, Bytes::new()));
            }
            let tail = wants_log.then(|| service.tails.follow(&request_id.0));
            let answer = match service.call_plain(&function, request, request_id.0).await {
                Ok(result) => answer(StatusCode::OK, &version, None, result),
                Err(PlainFailure::Failed(failure)) => failed(answer(StatusCode::OK, &version, None, failure.body)),
                Err(PlainFailure::Refused(error)) => return Err(error.into()),
            };
            Ok(with_log(answer, tail.as_ref()))
        }
    }
}

/// Says that the server has ended before an execution.
fn left_open(arn: &str) -> ApiError {
    ServiceError::Service(format!("the server has ended; {arn} goes on when it is started again")).into()
}

/// How often Lambda tries an asynchronous event again that a plain function failed.
const MAX_ASYNC_RETRIES: usize = 2;

async fn call_later(
    service: &Service,
    function: &crate::function::FunctionVersion,
    request: StartRequest,
    request_id: String,
) {
    for attempt in 0..=MAX_ASYNC_RETRIES {
        match service.call_plain(function, request.clone(), request_id.clone()).await {
            Ok(_) => return,
            Err(PlainFailure::Failed(failure)) => {
                let error = failure.error.error_message.unwrap_or_default();
                service.say("ERROR", &format!("{} failed, attempt {}: {error}", function.name, attempt + 1));
            }
            Err(PlainFailure::Refused(error)) => {
                service.say("ERROR", &format!("{} was not invoked, attempt {}: {error}", function.name, attempt + 1));
            }
        }
    }
}

/// Answers a synchronous caller when the execution has closed.
fn closed(
    version: &str,
    arn: &str,
    status: ExecutionStatus,
    result: Option<&str>,
    error: Option<&durabox_runtime::model::ErrorObject>,
) -> Response {
    if status == ExecutionStatus::Succeeded {
        let result = Bytes::from(result.unwrap_or("null").to_owned());
        return answer(StatusCode::OK, version, Some(arn), result);
    }
    failed(answer(StatusCode::OK, version, Some(arn), failure(error).body))
}

/// Adds the end of the log, if it was asked for.
fn with_log(mut response: Response, tail: Option<&Tail>) -> Response {
    let text = tail.map(|tail| BASE64.encode(tail.text()));
    if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(LOG_RESULT, value);
    }
    response
}

fn failed(mut response: Response) -> Response {
    response.headers_mut().insert(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"));
    response
}

fn answer(status: StatusCode, version: &str, arn: Option<&str>, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in [(EXECUTED_VERSION, Some(version)), (DURABLE_EXECUTION_ARN, arn)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}
