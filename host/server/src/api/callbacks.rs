//! Answers to callbacks: the body is the result or the error itself.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::Response;

use super::empty;
use super::error::ApiError;
use super::request::{Path, json};
use crate::Service;
use crate::service::CallbackAnswer;

/// POST …/{id}/succeed
pub async fn succeed(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body?;
    let result = match body.len() {
        0 => None,
        _ => Some(String::from_utf8(body.into()).map_err(|_| ApiError::invalid("Result must be UTF-8"))?),
    };
    answer(&service, &id, CallbackAnswer::Succeed(result))
}

/// POST …/{id}/fail
pub async fn fail(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    answer(&service, &id, CallbackAnswer::Fail(json(&body?)?))
}

/// POST …/{id}/heartbeat
pub async fn heartbeat(State(service): State<Arc<Service>>, Path(id): Path<String>) -> Result<Response, ApiError> {
    answer(&service, &id, CallbackAnswer::Heartbeat)
}

fn answer(service: &Service, id: &str, answer: CallbackAnswer) -> Result<Response, ApiError> {
    service.answer_callback(id, answer)?;
    Ok(empty(StatusCode::OK))
}
