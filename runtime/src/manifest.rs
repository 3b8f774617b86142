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

/// Why a manifest was not read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It says things another way.
    #[error("{MANIFEST} has version {found}, this durabox reads {VERSION}: package the handler again")]
    Version {
        /// Its version.
        found: u64,
    },
    /// Not a manifest of a package.
    #[error("{MANIFEST} is not one that `durabox package` makes: {0}")]
    Malformed(#[from] serde_json::Error),
}

impl Manifest {
    /// Reads a manifest. The version is read first, as all else may be said another way in another version.
    pub fn read(json: &[u8]) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Versioned {
            manifest_version: u64,
        }
        let Versioned { manifest_version: found } = serde_json::from_slice(json)?;
        match found == u64::from(VERSION) {
            true => Ok(serde_json::from_slice(json)?),
            false => Err(ManifestError::Version { found }),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::Manifest;

    #[test]
    fn the_version_is_read_before_the_rest() {
        let error = |json: &str| Manifest::read(json.as_bytes()).expect_err(json).to_string();
        let other = "manifest.json has version 2, this durabox reads 1: package the handler again";
        assert_eq!(error(r#"{"manifestVersion": 2, "functions": []}"#), other);
        assert!(error(r#"{"manifestVersion": 1}"#).contains("missing field `durabox`"));
        assert!(error("{}").contains("missing field `manifestVersion`"));
        assert!(error("PK").starts_with("manifest.json is not one that `durabox package` makes"));
    }
}
