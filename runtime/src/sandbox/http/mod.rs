//! The guest's requests over HTTP: from steps only, to allowed hosts only.
//!
//! What is asked too far ends the execution: no retry would make it right, and no handler code can
//! swallow it. What an allowed host does wrong is an error value of the step's.

mod body;
mod send;
#[cfg(test)]
mod tests;
mod tls;

use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use durabox_engine::replay::Scope;
use http_body_util::BodyExt;
use hyper::http::uri::Authority;
use hyper::{Request, Response};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::p2::DynInputStream;
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, HostIncomingBody as _, Scheme};
use wasmtime_wasi_http::p2::body::HostIncomingBody;
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

use super::clocks::Sleeps;
use super::host::{Host, title};
use super::step_stream::StepStream;
use super::stop::Stop;
use body::AnswerBody;
use send::Limits;

/// Provides `wasi:http` for requests that go out.
pub(super) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    // As in `linker`: under wasmtime-wasi-http's own version, which is that of its WIT.
    linker.instance("wasi:http/outgoing-handler@0.2.12")?.func_wrap("handle", |mut store, request| {
        let host: &mut Host = StoreContextMut::data_mut(&mut store);
        Ok((host.handle(request)?,))
    })?;
    linker.instance("wasi:http/types@0.2.12")?.func_wrap("[method]incoming-body.stream", |mut store, (body,)| {
        let host: &mut Host = StoreContextMut::data_mut(&mut store);
        Ok((host.body_stream(body)?,))
    })
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.sender }
    }
}

impl Host {
    /// Sends a request, if it may be sent.
    fn handle(
        &mut self,
        (request, options): (Resource<HostOutgoingRequest>, Option<Resource<RequestOptions>>),
    ) -> wasmtime::Result<Result<Resource<HostFutureIncomingResponse>, ErrorCode>> {
        self.check_request(self.table.get(&request)?)?;
        match self.http().handle(request, options) {
            Ok(answer) => Ok(Ok(answer)),
            Err(error) => Ok(Err(error.downcast()?)),
        }
    }

    /// Fails unless a step's body asks an allowed host.
    fn check_request(&self, request: &HostOutgoingRequest) -> Result<(), Stop> {
        // A request without a host that can be read does not get far: what sends it says so.
        let Some(authority) = request.authority.as_deref().and_then(|text| text.parse::<Authority>().ok()) else {
            return self.only_in_step(format_args!("sent a request"), WAY);
        };
        let host = bare(authority.host());
        let port = authority.port_u16().unwrap_or(match request.scheme {
            Some(Scheme::Http) => 80,
            _ => 443,
        });
        self.only_in_step(format_args!("sent a request to `{host}:{port}`"), WAY)?;
        let allowed = &self.options.allowed_hosts;
        if allowed.iter().any(|allowed| allowed.allows(host, port)) {
            return Ok(());
        }
        let handle = match self.replay.scope() {
            Scope::Step { handle, .. } | Scope::Handler { context: handle } => handle,
        };
        let step = self.claim_of(handle).map_or_else(|| "a step".to_owned(), |claim| title(&claim));
        let mut list = String::new();
        for (index, allowed) in allowed.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(list, "{comma}`{allowed}`").expect("writing to a string does not fail");
        }
        let allows = if list.is_empty() { "no hosts".into() } else { format!("only {list}") };
        let name = authority.host();
        Err(Stop::refused(format!(
            "{step} sent a request to `{host}:{port}`, and this run allows {allows}: allow it with \
             `--allow-host {name}`, in a test `with_allowed_host(\"{name}\")`"
        )))
    }

    /// Returns what the guest reads an answer's body from.
    fn body_stream(
        &mut self,
        body: Resource<HostIncomingBody>,
    ) -> wasmtime::Result<Result<Resource<DynInputStream>, ()>> {
        let Ok(stream) = self.http().stream(body)? else { return Ok(Err(())) };
        let what = "the answer to a request";
        let stream: DynInputStream = Box::new(StepStream::new(self.table.delete(stream)?, what, &self.in_step));
        Ok(Ok(self.table.push(stream)?))
    }
}

const WAY: &str = "the answer may differ on replay; send it in a step (`ctx.step`), whose result is recorded";

/// Takes the brackets off an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Sends what was checked.
pub(super) struct Sender {
    sleeps: Arc<Sleeps>,
    deadline: Option<Instant>,
}

impl Sender {
    /// `deadline` is when the invocation is cut off, on the wall.
    pub(super) const fn new(sleeps: Arc<Sleeps>, deadline: Option<Instant>) -> Self {
        Self { sleeps, deadline }
    }

    /// Returns how long each part may take. Where the guest says nothing it is nine tenths of what is
    /// left to the invocation: the step shall fail, and be retried, before all of it is cut off.
    fn limits(&self, options: RequestOptions) -> Limits {
        /// Ten minutes, what wasmtime-wasi-http takes for a limit.
        const LONG: Duration = Duration::from_secs(600);
        let left = self.deadline.map_or(LONG, |deadline| deadline.saturating_duration_since(Instant::now()) * 9 / 10);
        Limits {
            connect: options.connect_timeout.unwrap_or(left),
            first_byte: options.first_byte_timeout.unwrap_or(left),
            between_bytes: options.between_bytes_timeout.unwrap_or(left),
        }
    }
}

/// The answer, and what drives its connection.
type Answer = (Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

impl WasiHttpHooks for Sender {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _told: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answer, Error>> + Send> {
        let (limits, sleeps) = (self.limits(options.unwrap_or_default()), Arc::clone(&self.sleeps));
        let under_way = sleeps.request();
        Box::new(async move {
            let answer = send::send(request, limits, tls::system).await;
            drop(under_way);
            let (response, connection) = answer?;
            let response = response.map(|body| AnswerBody::new(body, limits.between_bytes, sleeps).boxed_unsync());
            let connection: Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> = Box::pin(async move {
                connection.await;
                Ok(())
            });
            Ok((response, Box::new(connection) as Box<_>))
        })
    }
}
