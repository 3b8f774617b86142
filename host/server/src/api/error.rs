//! Errors on the wire: the exception in a header, as the SDKs look for it, and in the body besides.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::ServiceError;

pub const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// An error as Lambda answers it.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    exception: &'static str,
    message: String,
    /// Of a TooManyRequestsException.
    reason: Option<&'static str>,
}

impl ApiError {
    pub fn unknown_operation(method: &Method, path: &str) -> Self {
        let message = format!("no operation of Lambda's is {method} {path}, or none that is served here");
        Self { status: StatusCode::NOT_FOUND, exception: "UnknownOperationException", message, reason: None }
    }

    pub fn access_denied(message: &str) -> Self {
        let message = message.to_owned();
        Self { status: StatusCode::FORBIDDEN, exception: "AccessDeniedException", message, reason: None }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        ServiceError::InvalidParameter(message.into()).into()
    }
}

/// The one place that knows the status of an exception.
impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        let (exception, message) = (error.exception(), error.to_string());
        let (status, reason) = match error {
            ServiceError::InvalidParameter(_)
            | ServiceError::StaleToken
            | ServiceError::Checkpoint(_)
            | ServiceError::InvalidRequestContent(_)
            | ServiceError::CallbackTimeout(_) => (StatusCode::BAD_REQUEST, None),
            ServiceError::NotFound(_) => (StatusCode::NOT_FOUND, None),
            ServiceError::Conflict(_) | ServiceError::AlreadyStarted(_) => (StatusCode::CONFLICT, None),
            ServiceError::RequestTooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, None),
            ServiceError::TooManyRequests { reason, .. } => (StatusCode::TOO_MANY_REQUESTS, Some(reason)),
            ServiceError::Service(_) => (StatusCode::INTERNAL_SERVER_ERROR, None),
        };
        Self { status, exception, message, reason }
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ServiceError::RequestTooLarge("Request must be smaller than 73400320 bytes".into()).into()
        } else {
            Self::invalid(rejection.body_text())
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let fault = if self.status.is_server_error() { "Service" } else { "User" };
        let mut body = json!({ "Type": fault, "message": self.message, "Message": self.message });
        if let Some(reason) = self.reason {
            body["Reason"] = reason.into();
        }
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(self.exception));
        if self.reason.is_some() {
            response.headers_mut().insert("retry-after", HeaderValue::from_static("1"));
        }
        response
    }
}
