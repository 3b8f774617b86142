use std::fmt;

use http::{Method, StatusCode};
use wasip2::http::types::ErrorCode;

/// Why a request has no answer, or not the one that was asked for.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    method: Method,
    url: String,
    problem: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Connect,
    Timeout,
    Status(StatusCode),
    Transfer,
    Decode,
}

impl Error {
    pub(super) fn new(kind: Kind, target: &Target, problem: impl Into<String>) -> Self {
        let Target { method, url } = target.clone();
        Self(Box::new(Inner { kind, method, url, problem: problem.into() }))
    }

    pub(super) fn of_code(target: &Target, code: &ErrorCode) -> Self {
        let (kind, problem) = describe(code);
        Self::new(kind, target, problem)
    }

    /// Whether the request could not be made as it was described: its URL, a header, its JSON.
    pub fn is_request(&self) -> bool {
        self.0.kind == Kind::Request
    }

    /// Whether no connection came about.
    pub fn is_connect(&self) -> bool {
        self.0.kind == Kind::Connect
    }

    /// Whether it took too long.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == Kind::Timeout
    }

    /// Whether the body was not what the handler wanted to read.
    pub fn is_decode(&self) -> bool {
        self.0.kind == Kind::Decode
    }

    /// Returns the status of an answer that [`error_for_status`](super::Response::error_for_status) refused.
    pub fn status(&self) -> Option<StatusCode> {
        match self.0.kind {
            Kind::Status(status) => Some(status),
            _ => None,
        }
    }

    /// Returns the URL that was asked.
    pub fn url(&self) -> &str {
        &self.0.url
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.method, self.0.url, self.0.problem)
    }
}

impl std::error::Error for Error {}

/// What a request is called in errors.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) method: Method,
    pub(super) url: String,
}

fn describe(code: &ErrorCode) -> (Kind, String) {
    match code {
        ErrorCode::DnsTimeout => (Kind::Timeout, "looking up the host took too long".into()),
        ErrorCode::ConnectionTimeout => (Kind::Timeout, "no connection within the time allowed".into()),
        ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => {
            (Kind::Timeout, "no answer within the time allowed".into())
        }
        ErrorCode::ConnectionWriteTimeout => {
            (Kind::Timeout, "the request was not taken within the time allowed".into())
        }
        ErrorCode::DnsError(payload) => {
            let why = payload.rcode.as_deref().unwrap_or("it does not resolve");
            (Kind::Connect, format!("the host was not found: {why}"))
        }
        ErrorCode::DestinationNotFound => (Kind::Connect, "the host was not found".into()),
        ErrorCode::ConnectionRefused => (Kind::Connect, "the connection was refused".into()),
        ErrorCode::ConnectionTerminated => {
            (Kind::Transfer, "the connection was closed before the answer was whole".into())
        }
        ErrorCode::TlsCertificateError => (Kind::Connect, "the server's certificate is not trusted".into()),
        ErrorCode::TlsProtocolError => (Kind::Connect, "TLS failed".into()),
        ErrorCode::TlsAlertReceived(payload) => {
            let why = payload.alert_message.as_deref().unwrap_or("without a reason");
            (Kind::Connect, format!("TLS failed: {why}"))
        }
        ErrorCode::InternalError(Some(problem)) => (Kind::Transfer, problem.clone()),
        other => (Kind::Transfer, format!("{other:?}").trim_start_matches("ErrorCode::").to_owned()),
    }
}
