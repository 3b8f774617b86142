//! Makes the zip that Lambda takes of a handler: the tested wasm, its compiled form and the program
//! that runs it there. The same inputs give the same bytes.
//!
//! [`bootstrap`] builds the program, [`template`] describes the functions for SAM, [`check`] says what
//! of a zip is not what was tested.

mod archive;
pub mod bootstrap;
pub mod check;
pub mod template;

use durabox_runtime::manifest::{self, Manifest};
use durabox_runtime::precompiled::{Architecture, Precompiled, PrecompiledError, precompile};
use durabox_runtime::sandbox::AllowedHost;
use sha2::{Digest, Sha256};

use crate::render::text::thousands;

/// Largest zip that is uploaded directly, bytes (50 MB). Source: Lambda's quotas.
pub const MAX_ZIPPED: usize = 50 * 1024 * 1024;
/// Largest function once it is unzipped, bytes (250 MB). Source: Lambda's quotas.
pub const MAX_UNZIPPED: usize = 250 * 1024 * 1024;

/// What a zip is made of.
#[derive(Clone, Copy, Debug)]
pub struct Package<'a> {
    /// The function's name.
    pub function: &'a str,
    /// The tested wasm.
    pub wasm: &'a [u8],
    /// The program that Lambda starts, for the same architecture.
    pub bootstrap: &'a [u8],
    /// What it runs on.
    pub architecture: Architecture,
    /// Hosts that steps may send requests to.
    pub allowed_hosts: &'a [AllowedHost],
}

/// A handler, compiled for a machine of Lambda's.
#[derive(Clone, Debug)]
pub struct Compiled {
    code: Vec<u8>,
    precompiled: Precompiled,
}

impl Compiled {
    /// Compiles a handler.
    pub fn of(wasm: &[u8], architecture: Architecture) -> Result<Self, PackageError> {
        let (code, precompiled) = precompile(manifest::HANDLER, wasm, architecture)?;
        Ok(Self { code, precompiled })
    }
}

/// A zip.
#[derive(Clone, Debug)]
pub struct Zip {
    /// The file.
    pub bytes: Vec<u8>,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Bytes of its files.
    pub unzipped: usize,
}

/// Why there is no zip.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The handler cannot be compiled.
    #[error(transparent)]
    Handler(#[from] PrecompiledError),
    /// Lambda would refuse it.
    #[error(
        "the package of `{function}` has {} bytes zipped and {} unzipped, Lambda takes {} and {}",
        thousands(*zipped as u64), thousands(*unzipped as u64),
        thousands(MAX_ZIPPED as u64), thousands(MAX_UNZIPPED as u64)
    )]
    TooLarge {
        /// The function.
        function: String,
        /// Bytes of the zip.
        zipped: usize,
        /// Bytes of its files.
        unzipped: usize,
    },
    /// The zip cannot be written.
    #[error("the package cannot be zipped: {0}")]
    Zip(#[from] zip::result::ZipError),
}

impl PackageError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Handler(error) => error.hint(),
            Self::TooLarge { .. } => Some("leave large data out of the handler: a step can read it from S3"),
            Self::Zip(_) => None,
        }
    }
}

impl Package<'_> {
    /// Compiles the handler, and zips it with its bootstrap.
    pub fn zip(&self) -> Result<Zip, PackageError> {
        self.zip_compiled(Compiled::of(self.wasm, self.architecture)?)
    }

    /// Zips the handler with its bootstrap; it was compiled before, of the same wasm for the same architecture.
    pub fn zip_compiled(&self, compiled: Compiled) -> Result<Zip, PackageError> {
        let Compiled { code, precompiled } = compiled;
        let manifest = Manifest {
            manifest_version: manifest::VERSION,
            durabox: env!("CARGO_PKG_VERSION").to_owned(),
            function: self.function.to_owned(),
            handler: manifest::Handler { sha256: sha256(self.wasm), size: self.wasm.len() },
            precompiled,
            bootstrap: manifest::Bootstrap { sha256: sha256(self.bootstrap), size: self.bootstrap.len() },
            allowed_hosts: self.allowed_hosts.iter().map(ToString::to_string).collect(),
        };
        let mut described = serde_json::to_vec_pretty(&manifest).expect("a manifest is JSON");
        described.push(b'\n');
        let files = [
            archive::File { name: manifest::BOOTSTRAP, bytes: self.bootstrap, mode: archive::PROGRAM },
            archive::File { name: manifest::COMPILED, bytes: &code, mode: archive::DATA },
            archive::File { name: manifest::HANDLER, bytes: self.wasm, mode: archive::DATA },
            archive::File { name: manifest::MANIFEST, bytes: &described, mode: archive::DATA },
        ];
        let unzipped = files.iter().map(|file| file.bytes.len()).sum();
        let bytes = archive::write(&files)?;
        check_size(self.function, bytes.len(), unzipped)?;
        Ok(Zip { bytes, manifest, unzipped })
    }
}

/// Returns name and content of every file of a zip, and whether it is a program.
pub fn unpacked(zip: &[u8]) -> zip::result::ZipResult<Vec<(String, Vec<u8>, bool)>> {
    let entries = archive::read(zip, MAX_UNZIPPED)?.into_iter();
    let parts = |entry: archive::Entry| {
        let is_program = entry.is_program();
        (entry.name, entry.bytes, is_program)
    };
    Ok(entries.map(parts).collect())
}

fn check_size(function: &str, zipped: usize, unzipped: usize) -> Result<(), PackageError> {
    match zipped <= MAX_ZIPPED && unzipped <= MAX_UNZIPPED {
        true => Ok(()),
        false => Err(PackageError::TooLarge { function: function.to_owned(), zipped, unzipped }),
    }
}

/// Returns the SHA-256 of a zip as Lambda has it, base64.
pub fn code_sha256(zip: &[u8]) -> String {
    aws_smithy_types::base64::encode(Sha256::digest(zip))
}

/// Returns the SHA-256, hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::check_size;

    #[test]
    fn a_package_that_lambda_refuses_is_measured_against_both_limits() {
        assert!(check_size("order", 52_428_800, 262_144_000).is_ok());
        assert!(check_size("order", 5, 262_144_001).is_err());
        assert_eq!(
            check_size("order", 52_428_801, 6).expect_err("too large").to_string(),
            "the package of `order` has 52,428,801 bytes zipped and 6 unzipped, Lambda takes 52,428,800 and 262,144,000"
        );
    }
}
