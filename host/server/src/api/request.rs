//! What requests have in common: paths, queries, headers, bodies that may be empty.

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use durabox_runtime::model::Timestamp;
use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::names::FunctionName;

/// What a path names. Axum's own would say in plain text what is wrong with it.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(named)) => Ok(Self(named)),
            Err(rejection) => Err(ApiError::invalid(rejection.body_text())),
        }
    }
}

/// A query: keys may come more than once.
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn of(uri: &Uri) -> Result<Self, ApiError> {
        axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map(|query| Self(query.0))
            .map_err(|error| ApiError::invalid(error.body_text()))
    }

    pub fn text(&self, name: &'static str) -> Option<&str> {
        self.all(name).next().filter(|text| !text.is_empty())
    }

    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, ApiError> {
        match self.text(name) {
            None => Ok(default),
            Some("true" | "True") => Ok(true),
            Some("false" | "False") => Ok(false),
            Some(other) => Err(ApiError::invalid(format!("{name} must be true or false, got {other:?}"))),
        }
    }

    pub fn count(&self, name: &'static str) -> Result<usize, ApiError> {
        match self.text(name) {
            None => Ok(0),
            Some(text) => {
                text.parse().map_err(|_| ApiError::invalid(format!("{name} must be a number from 0 on, got {text:?}")))
            }
        }
    }

    /// Reads a time as the SDKs write it in a query, ISO 8601, or seconds since the epoch.
    pub fn time(&self, name: &'static str) -> Result<Option<Timestamp>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..1e12).contains(seconds));
        let time = match seconds {
            Some(seconds) => Some(Timestamp::from_millis((seconds * 1000.0).round() as u64)),
            None => Timestamp::parse(text),
        };
        time.map(Some).ok_or_else(|| ApiError::invalid(format!("{name} must be a time in ISO 8601, got {text:?}")))
    }

    /// Returns the function of the path, with the qualifier of the query.
    pub fn function(&self, name: &str) -> Result<FunctionName, ApiError> {
        FunctionName::parse(name, self.text("Qualifier")).map_err(ApiError::invalid)
    }
}

/// Reads a JSON body; an empty one is `{}`.
pub fn json<T: DeserializeOwned>(body: &Bytes) -> Result<T, ApiError> {
    let text: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(text).map_err(|error| ApiError::invalid(format!("Could not parse request body: {error}")))
}

/// Returns a header as text; one that is empty counts as absent.
pub fn header(headers: &HeaderMap, name: &str) -> Result<Option<String>, ApiError> {
    Ok(header_as_given(headers, name)?.filter(|text| !text.is_empty()))
}

/// Returns a header as text, empty or not.
pub fn header_as_given(headers: &HeaderMap, name: &str) -> Result<Option<String>, ApiError> {
    let text = headers.get(name).map(|value| value.to_str().map(str::to_owned)).transpose();
    text.map_err(|_| ApiError::invalid(format!("the header {name} must be printable ASCII")))
}
