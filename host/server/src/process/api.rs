//! The Lambda Runtime API, version 2018-06-01, for one process: a listener of its own on the loopback
//! interface, since the runtime clients know nothing but a host and a port.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::exchange::{Answer, Exchange, PostedError, Refusal};

/// The largest answer, in bytes: 100 above 6 MiB, which is what Lambda's own error message says.
pub(super) const MAX_RESPONSE: usize = 6 * 1024 * 1024 + 100;

/// How much of an answer that is too large is read and dropped, so that its sender gets to read why
/// it is refused.
const MAX_DRAINED: usize = 64 * 1024 * 1024;

/// Room for all headers of a request. Runtime clients send an X-Ray cause of up to 1 MiB in one.
const MAX_HEADERS: usize = 2 * 1024 * 1024;

/// Connections that a process may hold. The clients hold one or two.
const MAX_CONNECTIONS: usize = 32;

/// How long no connection is accepted after one could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
const RESPONSE_MODE: &str = "lambda-runtime-function-response-mode";

/// The Runtime API as one process sees it. It is served until this is dropped.
pub(super) struct RuntimeApi {
    pub address: SocketAddr,
    serving: JoinHandle<()>,
}

impl RuntimeApi {
    pub async fn serve(exchange: Arc<Exchange>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, serving: tokio::spawn(accept(listener, exchange)) })
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn accept(listener: TcpListener, exchange: Arc<Exchange>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let permit = Arc::clone(&room).acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, or a connection that was reset at once: others may still come.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // An answer is small, and the process waits for it.
        let _ = stream.set_nodelay(true);
        let exchange = Arc::clone(&exchange);
        connections.spawn(async move {
            let _permit = permit;
            let service = service_fn(move |request| {
                let exchange = Arc::clone(&exchange);
                async move { Ok::<_, Infallible>(route(&exchange, request).await) }
            });
            let mut server = http1::Builder::new();
            // A connection that breaks is the client's to notice.
            let _ = server.max_buf_size(MAX_HEADERS).serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn route(exchange: &Exchange, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let Some(path) = path.strip_prefix("/2018-06-01/runtime/") else {
        return refused(StatusCode::NOT_FOUND, "NotFound", format!("no such path: {path}"));
    };
    let segments: Vec<&str> = path.split('/').collect();
    let allowed = if path == "invocation/next" { Method::GET } else { Method::POST };
    let known = matches!(
        *segments,
        ["invocation", "next"] | ["init", "error"] | ["invocation", _, "response"] | ["invocation", _, "error"]
    );
    if !known {
        return refused(StatusCode::NOT_FOUND, "NotFound", format!("no such path: /2018-06-01/runtime/{path}"));
    }
    if *request.method() != allowed {
        let message = format!("{} is not allowed here: use {allowed}", request.method());
        return refused(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message);
    }
    let answered = match *segments {
        ["invocation", "next"] => next(exchange).await,
        ["invocation", id, "response"] => response(exchange, id, request).await,
        ["invocation", id, _] => error(exchange, id, request).await,
        _ => init_error(exchange, request).await,
    };
    answered.unwrap_or_else(Refusal::into_response)
}

/// Waits for an event. Lambda's clients set no time limit here.
async fn next(exchange: &Exchange) -> Result<Response<Full<Bytes>>, Refusal> {
    let asked = exchange.ask()?;
    let Ok(delivery) = asked.await else {
        return Ok(refused(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "Internal Server Error".into()));
    };
    let mut response = Response::new(Full::new(delivery.payload));
    *response.headers_mut() = delivery.headers;
    Ok(response)
}

async fn response(exchange: &Exchange, id: &str, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Refusal> {
    let answering = exchange.begin_answer(id, "InvocationResponse")?;
    let mode = request.headers().get(RESPONSE_MODE);
    if mode.is_some_and(|mode| mode != "streaming") {
        exchange.answer(answering, Answer::InvalidMode);
        let message = "Invalid function response mode".to_owned();
        return Ok(refused(StatusCode::BAD_REQUEST, "InvalidFunctionResponseMode", message));
    }
    let received = match receive(request.into_body()).await {
        Received::Whole(received) => received,
        Received::TooLarge => {
            exchange.answer(answering, Answer::TooLarge);
            return Ok(too_large());
        }
        // The one who waits for the answer is told by dropping `answering`.
        Received::Truncated => return Ok(truncated()),
    };
    // A stream that failed half-way says so behind its body.
    let error_type = text(&received.trailers, ERROR_TYPE);
    let error_body = text(&received.trailers, ERROR_BODY);
    let answer = match (error_type, error_body) {
        (None, None) => Answer::Response(received.payload),
        (error_type, error_body) => {
            let body = error_body.and_then(|body| BASE64_STANDARD.decode(body).ok()).unwrap_or_default();
            Answer::Error(PostedError { error_type, body: body.into() })
        }
    };
    exchange.answer(answering, answer);
    Ok(accepted())
}

async fn error(exchange: &Exchange, id: &str, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Refusal> {
    let answering = exchange.begin_answer(id, "InvocationErrorResponse")?;
    let error_type = text(request.headers(), ERROR_TYPE);
    match receive(request.into_body()).await {
        Received::Whole(received) => {
            exchange.answer(answering, Answer::Error(PostedError { error_type, body: received.payload }));
            Ok(accepted())
        }
        Received::TooLarge => {
            exchange.answer(answering, Answer::TooLarge);
            Ok(too_large())
        }
        Received::Truncated => Ok(truncated()),
    }
}

async fn init_error(exchange: &Exchange, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Refusal> {
    let error_type = text(request.headers(), ERROR_TYPE);
    match receive(request.into_body()).await {
        Received::Whole(received) => {
            exchange.init_error(PostedError { error_type, body: received.payload })?;
            Ok(accepted())
        }
        Received::TooLarge => Ok(too_large()),
        Received::Truncated => Ok(truncated()),
    }
}

enum Received {
    Whole(Posted),
    TooLarge,
    Truncated,
}

struct Posted {
    payload: Bytes,
    trailers: HeaderMap,
}

/// Reads a body to its end, of whatever length its sender says or does not say.
async fn receive(mut body: Incoming) -> Received {
    let (mut payload, mut length, mut trailers) = (Vec::new(), 0_usize, HeaderMap::new());
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Received::Truncated };
        match frame.into_data() {
            Ok(data) => {
                length += data.len();
                if length > MAX_DRAINED {
                    break;
                }
                if length <= MAX_RESPONSE {
                    payload.extend_from_slice(&data);
                } else {
                    payload = Vec::new();
                }
            }
            Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
        }
    }
    if length > MAX_RESPONSE {
        Received::TooLarge
    } else {
        Received::Whole(Posted { payload: payload.into(), trailers })
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

impl Refusal {
    fn into_response(self) -> Response<Full<Bytes>> {
        match self {
            Self::InvalidRequestId => {
                refused(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID".to_owned())
            }
            Self::Transition { from, to } => {
                let message = format!("Transition from {from} to {to} is not allowed.");
                refused(StatusCode::FORBIDDEN, "InvalidStateTransition", message)
            }
        }
    }
}

fn accepted() -> Response<Full<Bytes>> {
    json(StatusCode::ACCEPTED, &serde_json::json!({ "status": "OK" }))
}

fn too_large() -> Response<Full<Bytes>> {
    let message = format!("Exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).");
    refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message)
}

fn truncated() -> Response<Full<Bytes>> {
    refused(StatusCode::BAD_REQUEST, "TruncatedHTTPRequest", "HTTP request detected as truncated".to_owned())
}

fn refused(status: StatusCode, error_type: &str, message: String) -> Response<Full<Bytes>> {
    json(status, &serde_json::json!({ "errorMessage": message, "errorType": error_type }))
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}
