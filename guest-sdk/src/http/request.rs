use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;

use super::error::{Error, Kind, Target};
use super::exchange::{self, Timeouts};
use super::response::Response;

/// A request to be made. What is wrong with it shows when it is sent.
#[must_use = "a request is not made until it is sent"]
pub struct RequestBuilder {
    target: Target,
    headers: HeaderMap,
    body: Vec<u8>,
    timeouts: Timeouts,
    problem: Option<String>,
}

impl RequestBuilder {
    pub(super) fn new(method: Method, url: String) -> Self {
        Self {
            target: Target { method, url },
            headers: HeaderMap::new(),
            body: Vec::new(),
            timeouts: Timeouts::default(),
            problem: None,
        }
    }

    /// Adds a header. `Host`, `Connection` and `Transfer-Encoding` are the host's.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: fmt::Display>,
        V: TryInto<HeaderValue, Error: fmt::Display>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.headers.append(name, value);
                self
            }
            (Err(error), _) => self.broken(format!("not the name of a header: {error}")),
            (Ok(name), Err(error)) => self.broken(format!("not a value for the header `{name}`: {error}")),
        }
    }

    /// Adds `Authorization: Bearer`.
    pub fn bearer_auth(self, token: impl fmt::Display) -> Self {
        self.header(AUTHORIZATION, format!("Bearer {token}"))
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the body to JSON text, and its type unless it has been set.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => {
                self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
                self.body(body)
            }
            Err(error) => self.broken(format!("its {} cannot be written as JSON: {error}", std::any::type_name::<T>())),
        }
    }

    /// Limits the time until the answer begins, and the time between two pieces of its body. By
    /// default nine tenths of what is left to the invocation, so that the step can still fail.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.answer = Some(timeout);
        self
    }

    /// Limits the time until there is a connection, TLS included.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.connect = Some(timeout);
        self
    }

    /// Sends the request and waits until the answer's head is there.
    pub async fn send(self) -> Result<Response, Error> {
        let Self { target, headers, body, timeouts, problem } = self;
        match problem {
            Some(problem) => Err(Error::new(Kind::Request, &target, problem)),
            None => exchange::exchange(target, headers, &body, timeouts).await,
        }
    }

    fn broken(mut self, problem: String) -> Self {
        self.problem.get_or_insert(problem);
        self
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers may hold what no log should.
        f.debug_struct("RequestBuilder").field("target", &self.target).finish_non_exhaustive()
    }
}
