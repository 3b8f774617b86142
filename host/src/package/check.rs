//! Says what of a zip is not the artifact that was tested.

use std::fmt;

use durabox_runtime::manifest::{BOOTSTRAP, COMPILED, HANDLER, MANIFEST, Manifest, ManifestError};
use durabox_runtime::precompiled::{ENGINE, PrecompiledError, precompile};
use durabox_runtime::sandbox::AllowedHost;

use super::archive::{self, Entry};
use super::bootstrap::describe;
use super::{MAX_UNZIPPED, sha256};

/// The files of a package.
const FILES: [&str; 4] = [BOOTSTRAP, COMPILED, HANDLER, MANIFEST];

/// Something in a zip that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A file that every package has.
    Missing(&'static str),
    /// A file that no package has.
    Extra(String),
    /// Something that is there, and should be another.
    Other {
        /// The file, or what of it.
        part: String,
        /// What there should be.
        expected: String,
        /// What there is.
        found: String,
    },
}

impl Difference {
    /// Returns the file that differs, or what of it.
    pub fn part(&self) -> &str {
        match self {
            Self::Missing(file) => file,
            Self::Extra(file) => file,
            Self::Other { part, .. } => part,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(file) => write!(f, "{file}: missing from the zip"),
            Self::Extra(file) => write!(f, "{file}: in the zip, but no file of a package"),
            Self::Other { part, expected, found } => write!(f, "{part}: expected {expected}, found {found}"),
        }
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
}

/// What a package is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Tested<'a> {
    /// The function's name.
    pub function: &'a str,
    /// The wasm.
    pub wasm: &'a [u8],
    /// Hosts that steps may send requests to; `None` if nobody says.
    pub allowed_hosts: Option<&'a [AllowedHost]>,
    /// The program that this durabox packages; `None` if it is not at hand. Without it a program is believed that
    /// fits the manifest and says of itself that it is of this version.
    pub bootstrap: Option<&'a [u8]>,
}

/// What came of a check.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is not as it should be.
    pub differences: Vec<Difference>,
    /// Why there was nothing to compare the compiled form with: this durabox does not compile for its machine.
    pub no_compiler: Option<PrecompiledError>,
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

    /// Compares it with what was tested and with itself: every file with its digest, the compiled form
    /// with what this durabox compiles of the wasm.
    pub fn check(&self, tested: &Tested<'_>) -> Checked {
        let mut found = Checked::default();
        self.compare_files(&mut found);
        self.compare_manifest(&mut found);
        self.compare_settings(&mut found, tested);
        self.compare_bootstrap(&mut found, tested.bootstrap);
        self.compare_handler(&mut found, tested.wasm);
        found
    }

    fn compare_files(&self, found: &mut Checked) {
        let missing = FILES.into_iter().filter(|name| self.entry(name).is_none());
        found.differences.extend(missing.map(Difference::Missing));
        for (index, entry) in self.entries.iter().enumerate() {
            let Entry { name, mode, .. } = entry;
            let is_again = self.entries[..index].iter().any(|before| before.name == *name);
            if is_again || !FILES.contains(&name.as_str()) {
                found.differences.push(Difference::Extra(name.clone()));
            } else if !entry.is_readable() {
                found.compare(&format!("{name}, its mode"), "one that lets everybody read it", &format!("{mode:03o}"));
            }
        }
    }

    /// Compares what the manifest says with this durabox, and with the files.
    fn compare_manifest(&self, found: &mut Checked) {
        let Manifest { durabox, handler, precompiled, bootstrap, .. } = &self.manifest;
        found.compare("manifest.json, durabox", env!("CARGO_PKG_VERSION"), durabox);
        found.compare("manifest.json, the compiled form's engine", ENGINE, &precompiled.engine);
        found.compare("manifest.json, the processor", precompiled.architecture.baseline(), &precompiled.cpu);
        found.compare("manifest.json, the wasm of the compiled form", &handler.sha256, &precompiled.wasm_sha256);
        for (file, digest, size) in [
            (HANDLER, &handler.sha256, Some(handler.size)),
            (COMPILED, &precompiled.sha256, None),
            (BOOTSTRAP, &bootstrap.sha256, Some(bootstrap.size)),
        ] {
            let Some(Entry { bytes, .. }) = self.entry(file) else { continue };
            found.compare(&format!("manifest.json, SHA-256 of {file}"), &sha256(bytes), digest);
            if let Some(size) = size {
                found.compare(&format!("manifest.json, size of {file}"), &bytes.len().to_string(), &size.to_string());
            }
        }
    }

    /// Compares what the function is called and may do.
    fn compare_settings(&self, found: &mut Checked, tested: &Tested<'_>) {
        const HOSTS: &str = "manifest.json, the allowed hosts";
        let Manifest { function, allowed_hosts, .. } = &self.manifest;
        found.compare("manifest.json, the function", tested.function, function);
        for error in allowed_hosts.iter().filter_map(|host| host.parse::<AllowedHost>().err()) {
            found.compare(HOSTS, "hosts that can be allowed", &error.to_string());
        }
        if let Some(expected) = tested.allowed_hosts {
            let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
            found.compare(HOSTS, &listed(&expected), &listed(allowed_hosts));
        }
    }

    fn compare_bootstrap(&self, found: &mut Checked, packaged: Option<&[u8]>) {
        let Some(entry) = self.entry(BOOTSTRAP) else { return };
        let is_program = if entry.is_program() { "a program" } else { "a file that cannot be run" };
        found.compare(BOOTSTRAP, "a program", is_program);
        let (version, architecture) = (env!("CARGO_PKG_VERSION"), self.manifest.precompiled.architecture);
        let ours = format!("the bootstrap of durabox {version} for {architecture}");
        found.compare(BOOTSTRAP, &ours, &describe(&entry.bytes));
        if let Some(packaged) = packaged {
            found.compare("bootstrap, its SHA-256", &sha256(packaged), &sha256(&entry.bytes));
        }
    }

    /// Compares the wasm with the tested one, and its compiled form with what is compiled of that.
    fn compare_handler(&self, found: &mut Checked, tested: &[u8]) {
        let precompiled = &self.manifest.precompiled;
        if let Some(entry) = self.entry(HANDLER) {
            found.compare(HANDLER, &sha256(tested), &sha256(&entry.bytes));
        }
        match precompile(HANDLER, tested, precompiled.architecture) {
            Ok((_, compiled)) => {
                if let Some(entry) = self.entry(COMPILED) {
                    found.compare(COMPILED, &compiled.sha256, &sha256(&entry.bytes));
                }
            }
            Err(error @ PrecompiledError::NoCompiler(_)) => found.no_compiler = Some(error),
            Err(error) => found.compare(COMPILED, "a handler that can be compiled", &error.to_string()),
        }
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

fn listed(hosts: &[String]) -> String {
    if hosts.is_empty() { "none".to_owned() } else { hosts.join(", ") }
}

impl Checked {
    fn compare(&mut self, part: &str, expected: &str, found: &str) {
        if expected != found {
            let (part, expected, found) = (part.to_owned(), expected.to_owned(), found.to_owned());
            self.differences.push(Difference::Other { part, expected, found });
        }
    }
}

#[cfg(test)]
mod tests;
