//! Which servers are believed: those with a certificate that this machine trusts.

use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore};
use wasmtime_wasi_http::Error;

/// Returns the configuration of this process: the machine's root certificates, or those of the
/// file that the environment variable `SSL_CERT_FILE` names. Reads them once.
pub(super) fn system() -> Result<Arc<ClientConfig>, Error> {
    static SYSTEM: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    SYSTEM.get_or_init(read).clone().map_err(|problem| Error::InternalError(Some(problem)))
}

fn read() -> Result<Arc<ClientConfig>, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(format!(
            "no root certificates were found on this machine, so that no https server can be believed{why}; \
             install them, or name a file of them in SSL_CERT_FILE"
        ));
    }
    config(roots)
}

/// Returns the configuration that believes these roots.
pub(super) fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
    // Named here: a process that links two providers has no default one.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be used: {error}"))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
