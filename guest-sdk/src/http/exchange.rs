//! A request and its answer, as `wasi:http` has them.

use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::uri::Scheme as UriScheme;
use http::{HeaderMap, Method as HttpMethod, Uri};
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::streams::StreamError;

use super::error::{Error, Kind, Target};
use super::response::Response;
use crate::io;

/// How long the parts of an exchange may take; the host's default where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timeouts {
    pub(super) connect: Option<Duration>,
    pub(super) answer: Option<Duration>,
}

/// Sends a request, and waits until the answer's head is there.
pub(super) async fn exchange(
    target: Target,
    mut headers: HeaderMap,
    body: &[u8],
    timeouts: Timeouts,
) -> Result<Response, Error> {
    let refused = |problem: &str| Error::new(Kind::Request, &target, problem);
    // Without it the body would go out in chunks, which not every server takes.
    if !body.is_empty() {
        headers.insert(CONTENT_LENGTH, body.len().into());
    }
    let request = OutgoingRequest::new(fields(&target, &headers)?);
    address(&target, &request).map_err(|problem| refused(&problem))?;
    let outgoing = match body {
        [] => None,
        _ => Some(request.body().map_err(|()| refused("its body was taken already"))?),
    };
    let future = outgoing_handler::handle(request, options(timeouts)).map_err(|code| Error::of_code(&target, &code))?;
    if let Some(outgoing) = outgoing {
        // A request that ends early is told of by the answer, or by the reason why there is none.
        if write(&outgoing, body).await {
            OutgoingBody::finish(outgoing, None).map_err(|code| Error::of_code(&target, &code))?;
        }
    }
    answer(target, future).await
}

async fn answer(target: Target, future: FutureIncomingResponse) -> Result<Response, Error> {
    loop {
        match future.get() {
            None => io::ready(future.subscribe()).await,
            Some(Ok(Ok(response))) => return Response::new(target, response),
            Some(Ok(Err(code))) => return Err(Error::of_code(&target, &code)),
            Some(Err(())) => return Err(Error::new(Kind::Transfer, &target, "the answer was taken already")),
        }
    }
}

fn fields(target: &Target, headers: &HeaderMap) -> Result<Fields, Error> {
    let entries: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    Fields::from_list(&entries).map_err(|error| {
        let names: Vec<_> = headers.keys().map(|name| name.as_str()).collect();
        Error::new(Kind::Request, target, format!("the headers {} are not taken: {error:?}", names.join(", ")))
    })
}

/// Sets the method and the parts of the URL.
fn address(target: &Target, request: &OutgoingRequest) -> Result<(), String> {
    let uri: Uri = target.url.parse().map_err(|error| format!("not a URL: {error}"))?;
    let scheme = match uri.scheme() {
        Some(scheme) if *scheme == UriScheme::HTTPS => Scheme::Https,
        Some(scheme) if *scheme == UriScheme::HTTP => Scheme::Http,
        Some(scheme) => return Err(format!("the URL begins with http:// or https://, this one with {scheme}://")),
        None => return Err("the URL is absolute and begins with http:// or https://".into()),
    };
    let authority = uri.authority().ok_or("the URL names no host")?.as_str();
    let path = uri.path_and_query().map(|path| path.as_str());
    request.set_method(&method(&target.method)).map_err(|()| "the method is not one of HTTP's")?;
    request.set_scheme(Some(&scheme)).map_err(|()| "the scheme is not taken")?;
    request.set_authority(Some(authority)).map_err(|()| format!("`{authority}` is not a host"))?;
    request.set_path_with_query(path).map_err(|()| "the path is not one of a URL")?;
    Ok(())
}

fn method(method: &HttpMethod) -> Method {
    match method.as_str() {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn options(timeouts: Timeouts) -> Option<RequestOptions> {
    let nanos = |timeout: Duration| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
    let options = RequestOptions::new();
    let (connect, answer) = (timeouts.connect.map(nanos), timeouts.answer.map(nanos));
    // A host that knows no such limit goes without.
    let _ = options.set_connect_timeout(connect);
    let _ = options.set_first_byte_timeout(answer);
    let _ = options.set_between_bytes_timeout(answer);
    Some(options)
}

/// Writes the body, and says whether it was taken to its end.
async fn write(body: &OutgoingBody, mut bytes: &[u8]) -> bool {
    let Ok(stream) = body.write() else { return false };
    while !bytes.is_empty() {
        match stream.check_write() {
            Ok(0) => io::ready(stream.subscribe()).await,
            Ok(room) => {
                let (now, rest) = bytes.split_at(bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
                if stream.write(now).is_err() {
                    return false;
                }
                bytes = rest;
            }
            Err(StreamError::Closed | StreamError::LastOperationFailed(_)) => return false,
        }
    }
    true
}
