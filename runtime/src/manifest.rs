//! What a package says of itself: the file `manifest.json`, written by `durabox package` and read by the bootstrap.

use serde::{Deserialize, Serialize};

use crate::precompiled::Precompiled;

/// The manifest's name in a package.
pub const MANIFEST: &str = "manifest.json";
/// The name of the tested wasm.
pub const HANDLER: &str = "handler.wasm";
/// The name of its compiled form.
pub const COMPILED: &str = "handler.cwasm";
/// The name of the program that Lambda starts.
pub const BOOTSTRAP: &str = "bootstrap";

/// Tells manifests apart that say things another way.
pub const VERSION: u32 = 1;

/// A package's contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Which way it says things; this is [`VERSION`].
    pub manifest_version: u32,
    /// The durabox that made it.
    pub durabox: String,
    /// The function, which is also the handler's name.
    pub function: String,
    /// The tested wasm, [`HANDLER`].
    pub handler: Handler,
    /// Its compiled form, [`COMPILED`].
    pub precompiled: Precompiled,
    /// The program that Lambda starts, [`BOOTSTRAP`].
    pub bootstrap: Bootstrap,
    /// Hosts that steps may send requests to.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
}

/// The tested wasm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handler {
    /// SHA-256, hexadecimal: what makes two artifacts the same.
    pub sha256: String,
    /// Bytes.
    pub size: usize,
}

/// The program that Lambda starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: usize,
}
