use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::de::DeserializeOwned;
use wasip2::http::types::{IncomingBody, IncomingResponse, http_error_code};
use wasip2::io::streams::{InputStream, StreamError};

use super::error::{Error, Kind, Target};
use crate::io;

/// Most bytes that are read at once.
const PIECE: u64 = 64 * 1024;

/// An answer: its head is there, its body comes as it is read.
pub struct Response {
    target: Target,
    status: StatusCode,
    headers: HeaderMap,
    // Dropped in this order: the stream is the body's.
    stream: InputStream,
    _body: IncomingBody,
}

impl Response {
    pub(super) fn new(target: Target, response: IncomingResponse) -> Result<Self, Error> {
        let broken = |problem: &str| Error::new(Kind::Transfer, &target, problem);
        let status = StatusCode::from_u16(response.status()).map_err(|error| broken(&error.to_string()))?;
        let headers = response
            .headers()
            .entries()
            .into_iter()
            .filter_map(|(name, value)| Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_bytes(&value).ok()?)))
            .collect();
        let body = response.consume().map_err(|()| broken("its body was taken already"))?;
        let stream = body.stream().map_err(|()| broken("its body was taken already"))?;
        Ok(Self { target, status, headers, stream, _body: body })
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Makes an error of an answer whose status is 400 or more.
    pub fn error_for_status(self) -> Result<Self, Error> {
        match self.status.is_client_error() || self.status.is_server_error() {
            true => Err(Error::new(Kind::Status(self.status), &self.target, format!("answered {}", self.status))),
            false => Ok(self),
        }
    }

    /// Waits for the next piece of the body, at most 64 KiB; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            match self.stream.read(PIECE) {
                Ok(bytes) if bytes.is_empty() => io::ready(self.stream.subscribe()).await,
                Ok(bytes) => return Ok(Some(bytes)),
                Err(StreamError::Closed) => return Ok(None),
                Err(StreamError::LastOperationFailed(error)) => {
                    return Err(match http_error_code(&error) {
                        Some(code) => Error::of_code(&self.target, &code),
                        None => Error::new(Kind::Transfer, &self.target, error.to_debug_string()),
                    });
                }
            }
        }
    }

    /// Reads the body to its end.
    pub async fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.chunk().await? {
            bytes.extend(piece);
        }
        Ok(bytes)
    }

    /// Reads the body to its end, as UTF-8.
    pub async fn text(self) -> Result<String, Error> {
        let target = self.target.clone();
        String::from_utf8(self.bytes().await?).map_err(|error| {
            Error::new(Kind::Decode, &target, format!("the answer is not text: {}", error.utf8_error()))
        })
    }

    /// Reads the body to its end, as JSON.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let target = self.target.clone();
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let (wanted, begins) = (std::any::type_name::<T>(), beginning(&bytes));
            let problem = format!("the answer is not the {wanted} that the handler reads: {error}; it begins {begins}");
            Error::new(Kind::Decode, &target, problem)
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("target", &self.target)
            .field("status", &self.status)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// Returns the first bytes as a person would write them.
fn beginning(bytes: &[u8]) -> String {
    format!("`{}`", String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).escape_debug())
}
