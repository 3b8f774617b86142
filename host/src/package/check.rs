//! Says what of a zip is not the artifact that was tested.

use std::fmt;

use durabox_runtime::manifest::{BOOTSTRAP, COMPILED, HANDLER, MANIFEST, Manifest, ManifestError};
use durabox_runtime::precompiled::{ENGINE, PrecompiledError, precompile};

use super::archive::{self, Entry};
use super::bootstrap::describe;
use super::{MAX_UNZIPPED, sha256};

/// Something in a zip that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The file, or what of it.
    pub part: &'static str,
    /// What there should be.
    pub expected: String,
    /// What there is.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.part, self.expected, self.found)
    }
}

/// Why a zip cannot be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Not a zip, or a damaged one.
    #[error("it is not a zip that can be read: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// Not a package of ours.
    #[error("it has no {MANIFEST}: `durabox package` has not made it")]
    NoManifest,
    /// A manifest of another kind.
    #[error("its {0}")]
    Manifest(#[from] ManifestError),
    /// This durabox cannot compile for its machine, and has nothing to compare its compiled form with.
    #[error(transparent)]
    NoCompiler(PrecompiledError),
}

/// A zip that was read.
#[derive(Debug)]
pub struct Packaged {
    /// What it says of itself.
    pub manifest: Manifest,
    entries: Vec<Entry>,
}

impl Packaged {
    /// Reads a zip.
    pub fn read(zip: &[u8]) -> Result<Self, Unreadable> {
        let entries = archive::read(zip, MAX_UNZIPPED)?;
        let manifest = entries.iter().find(|entry| entry.name == MANIFEST).ok_or(Unreadable::NoManifest)?;
        Ok(Self { manifest: Manifest::read(&manifest.bytes)?, entries })
    }

    /// Compares it with the tested wasm and with itself: every file with its digest, the compiled form
    /// with what this durabox compiles of the wasm.
    pub fn differences(&self, tested: &[u8]) -> Result<Vec<Difference>, Unreadable> {
        let mut found = Found::default();
        let Manifest { durabox, handler, precompiled, bootstrap, .. } = &self.manifest;
        found.compare("manifest.json, durabox", env!("CARGO_PKG_VERSION"), durabox);
        found.compare("manifest.json, the compiled form's engine", ENGINE, &precompiled.engine);
        found.compare("manifest.json, the wasm of the compiled form", &handler.sha256, &precompiled.wasm_sha256);
        found.compare(HANDLER, &sha256(tested), &self.digest(HANDLER));
        found.compare("manifest.json, handler.wasm", &self.digest(HANDLER), &handler.sha256);
        found.compare("manifest.json, handler.cwasm", &self.digest(COMPILED), &precompiled.sha256);
        found.compare("manifest.json, bootstrap", &self.digest(BOOTSTRAP), &bootstrap.sha256);
        match precompile(HANDLER, tested, precompiled.architecture) {
            Ok((_, compiled)) => {
                found.compare(COMPILED, &compiled.sha256, &self.digest(COMPILED));
                found.compare("manifest.json, the processor", &compiled.cpu, &precompiled.cpu);
            }
            Err(error @ PrecompiledError::NoCompiler(_)) => return Err(Unreadable::NoCompiler(error)),
            Err(error) => found.compare(COMPILED, "a handler that can be compiled", &error.to_string()),
        }
        let is_program = self.entry(BOOTSTRAP).is_some_and(|entry| entry.is_program);
        found.compare(BOOTSTRAP, "a program", if is_program { "a program" } else { "a file that cannot be run" });
        let mut names: Vec<_> = self.entries.iter().map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        let program = self.entry(BOOTSTRAP).map_or("no such file".into(), |entry| describe(&entry.bytes));
        let ours = format!("the bootstrap of durabox {} for {}", env!("CARGO_PKG_VERSION"), precompiled.architecture);
        found.compare(BOOTSTRAP, &ours, &program);
        found.compare("the files", &[BOOTSTRAP, COMPILED, HANDLER, MANIFEST].join(", "), &names.join(", "));
        Ok(found.0)
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    fn digest(&self, name: &str) -> String {
        self.entry(name).map_or_else(|| "no such file".to_owned(), |entry| sha256(&entry.bytes))
    }
}

/// Differences found so far.
#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn compare(&mut self, part: &'static str, expected: &str, found: &str) {
        if expected != found {
            self.0.push(Difference { part, expected: expected.to_owned(), found: found.to_owned() });
        }
    }
}
