//! Asking other services over HTTP, from a step's body.
//!
//! A request waits without holding up other branches. It is the host that sends it, through
//! `wasi:http`: to the hosts that the run allows (`durabox run --allow-host api.example.com`,
//! `LocalRunner::with_allowed_host`), with certificates verified. Outside a step a request is
//! refused, because its answer would not be recorded.
//!
//! ```no_run
//! # #[derive(serde::Serialize, serde::Deserialize)] struct Rate { eur: f64 }
//! # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
//! use durabox_sdk::http;
//!
//! let rate: Rate = ctx
//!     .step(|_| async { Ok(http::get("https://api.example.com/rate").send().await?.error_for_status()?.json().await?) })
//!     .name("fetch-rate")
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! The names are those of `reqwest`. What differs: a redirect is an answer like any other and is not
//! followed, bodies are neither compressed nor decompressed, and there are no cookies.

mod error;
mod exchange;
mod request;
mod response;

pub use ::http::header::{self, HeaderMap, HeaderName, HeaderValue};
pub use ::http::{Method, StatusCode};

pub use error::Error;
pub use request::RequestBuilder;
pub use response::Response;

/// Makes a GET request.
pub fn get(url: impl Into<String>) -> RequestBuilder {
    request(Method::GET, url)
}

/// Makes a POST request.
pub fn post(url: impl Into<String>) -> RequestBuilder {
    request(Method::POST, url)
}

/// Makes a PUT request.
pub fn put(url: impl Into<String>) -> RequestBuilder {
    request(Method::PUT, url)
}

/// Makes a PATCH request.
pub fn patch(url: impl Into<String>) -> RequestBuilder {
    request(Method::PATCH, url)
}

/// Makes a DELETE request.
pub fn delete(url: impl Into<String>) -> RequestBuilder {
    request(Method::DELETE, url)
}

/// Makes a request of any method. The URL is absolute: `http://` or `https://`.
pub fn request(method: Method, url: impl Into<String>) -> RequestBuilder {
    RequestBuilder::new(method, url.into())
}
