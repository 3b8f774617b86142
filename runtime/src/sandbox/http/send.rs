//! One request on a connection of its own, HTTP/1.1, in plain or over TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::http::uri::{PathAndQuery, Scheme};
use hyper::{Request, Response, Uri};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, WasiBody};

use super::bare;

/// How long the parts of a request may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Until there is a connection, TLS included.
    pub(super) connect: Duration,
    /// From then until the answer's head.
    pub(super) first_byte: Duration,
    /// Between two pieces of its body.
    pub(super) between_bytes: Duration,
}

/// Sends `request`, whose URI is absolute, and waits for the head of the answer. The connection lasts
/// as long as what is returned beside it.
pub(super) async fn send(
    mut request: Request<WasiBody>,
    limits: Limits,
    tls: impl FnOnce() -> Result<Arc<ClientConfig>, Error>,
) -> Result<(Response<Incoming>, AbortOnDropJoinHandle<()>), Error> {
    let transport =
        timeout(limits.connect, connect(request.uri(), tls)).await.map_err(|_| Error::ConnectionTimeout)??;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(transport)).await.map_err(of_hyper)?;
    let connection = spawn(async move {
        // What goes wrong with it, the request or the body says.
        let _ = connection.await;
    });
    // A server is asked for a path; only a proxy is asked for a whole URI.
    let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    let response = timeout(limits.first_byte, sender.send_request(request));
    let response = response.await.map_err(|_| Error::ConnectionReadTimeout)?.map_err(of_hyper)?;
    Ok((response, connection))
}

trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

async fn connect(
    uri: &Uri,
    tls: impl FnOnce() -> Result<Arc<ClientConfig>, Error>,
) -> Result<Box<dyn Transport>, Error> {
    let host = bare(uri.host().ok_or(Error::HttpRequestUriInvalid)?);
    let secure = uri.scheme() == Some(&Scheme::HTTPS);
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let addresses: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(|error| of_lookup(&error))?.collect();
    let stream = TcpStream::connect(addresses.as_slice()).await.map_err(|error| of_connect(&error))?;
    // A request is small, and waits for nothing: Nagle's algorithm would only hold it back.
    stream.set_nodelay(true).map_err(|error| of_connect(&error))?;
    if !secure {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host).map_err(|_| Error::HttpRequestUriInvalid)?.to_owned();
    let stream = TlsConnector::from(tls()?).connect(name, stream).await.map_err(|error| of_tls(&error))?;
    Ok(Box::new(stream))
}

fn of_lookup(error: &io::Error) -> Error {
    Error::DnsError { rcode: Some(error.to_string()), info_code: None }
}

fn of_connect(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        io::ErrorKind::TimedOut => Error::ConnectionTimeout,
        _ => Error::InternalError(Some(format!("no connection: {error}"))),
    }
}

fn of_tls(error: &io::Error) -> Error {
    let reason = error.get_ref().and_then(|reason| reason.downcast_ref::<rustls::Error>());
    Error::InternalError(Some(match reason {
        Some(rustls::Error::InvalidCertificate(why)) => {
            format!("the server's certificate is not trusted: {why}; SSL_CERT_FILE names other roots")
        }
        _ => format!("TLS failed: {error}"),
    }))
}

/// Returns what the guest is told of hyper's reason.
pub(super) fn of_hyper(error: hyper::Error) -> Error {
    if error.is_timeout() {
        return Error::HttpResponseTimeout;
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return Error::ConnectionTerminated;
    }
    let reason = std::error::Error::source(&error).map_or_else(String::new, |reason| format!(": {reason}"));
    Error::InternalError(Some(format!("the exchange failed: {error}{reason}")))
}
