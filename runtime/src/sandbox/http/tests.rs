//! TLS towards a server of this process. Plain requests are tested with guests, in `tests/`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, StatusCode};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use wasmtime_wasi_http::{Error, WasiBody};

use super::send::{Limits, send};
use super::tls;

const LIMITS: Limits = Limits {
    connect: Duration::from_secs(20),
    first_byte: Duration::from_secs(20),
    between_bytes: Duration::from_secs(20),
};

/// A server that says hello to one connection, and the certificate that it shows.
async fn server(name: &str) -> (SocketAddr, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let certificate = cert.der().clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve(listener, certificate.clone(), signing_key));
    (address, certificate)
}

async fn serve(listener: TcpListener, certificate: CertificateDer<'static>, key: KeyPair) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("a certificate and its key");
    let (stream, _) = listener.accept().await.expect("a connection");
    // Fails when the client does not believe the certificate.
    let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else { return };
    let mut request = [0; 1024];
    let length = stream.read(&mut request).await.expect("a request");
    assert!(request[..length].starts_with(b"GET /hello HTTP/1.1\r\n"));
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await.expect("an answer is taken");
    stream.shutdown().await.expect("the connection closes");
}

fn get(url: &str) -> Request<WasiBody> {
    let body = Empty::<Bytes>::new().map_err(|never| match never {}).boxed_unsync();
    Request::get(url).body(body).expect("a request")
}

fn believing(certificate: CertificateDer<'static>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a root");
    roots
}

fn problem(answer: Result<impl Sized, Error>) -> String {
    match answer {
        Ok(_) => panic!("the server was believed"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_server_with_a_trusted_certificate_is_asked_over_tls() {
    let (address, certificate) = server("localhost").await;
    let config = tls::config(believing(certificate)).expect("TLS");
    let request = get(&format!("https://localhost:{}/hello", address.port()));
    let (response, _connection) = send(request, LIMITS, || Ok(config)).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.into_body().collect().await.expect("a body").to_bytes(), "hello");
}

#[tokio::test]
async fn a_certificate_for_another_name_or_from_nobody_known_is_not_trusted() {
    let (address, certificate) = server("elsewhere.test").await;
    let config = tls::config(believing(certificate)).expect("TLS");
    let url = format!("https://localhost:{}/hello", address.port());
    let other_name = problem(send(get(&url), LIMITS, || Ok(config)).await);
    assert!(other_name.contains("certificate is not trusted") && other_name.contains("localhost"), "{other_name}");

    let (address, _) = server("localhost").await;
    let (_, unrelated) = server("localhost").await;
    let config = tls::config(believing(unrelated)).expect("TLS");
    let url = format!("https://localhost:{}/hello", address.port());
    let nobody = problem(send(get(&url), LIMITS, || Ok(config)).await);
    assert!(nobody.contains("certificate is not trusted"), "{nobody}");
}

#[tokio::test]
async fn a_server_that_never_finishes_the_handshake_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("https://{}/", listener.local_addr().expect("an address"));
    let config = tls::config(RootCertStore::empty()).expect("TLS");
    let limits = Limits { connect: Duration::from_millis(50), ..LIMITS };
    assert_eq!(problem(send(get(&url), limits, || Ok(config)).await), Error::ConnectionTimeout.to_string());
}
