//! The package that this program lies in: what it says of itself, and whether that is so.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use durabox_runtime::manifest::{COMPILED, HANDLER, MANIFEST, Manifest, ManifestError};
use durabox_runtime::precompiled::PrecompiledError;
use durabox_runtime::sandbox::{AllowedHostError, PreopenError};
use durabox_runtime::{Artifact, ArtifactError, Sandbox, SandboxOptions};

/// A package on disk.
pub(crate) struct Package {
    directory: PathBuf,
}

/// A package whose handler is ready to run.
pub(crate) struct Loaded {
    pub(crate) manifest: Manifest,
    pub(crate) sandbox: Sandbox,
    pub(crate) artifact: Artifact,
}

/// Why a package cannot be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackageError {
    #[error("`{}` of the package cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("{MANIFEST} was made by durabox {made_by}, this bootstrap is of {this}: package the handler again")]
    OtherDurabox { made_by: String, this: &'static str },
    #[error(
        "{HANDLER} is not the wasm that was packaged: {MANIFEST} has SHA-256 {packaged}, the file has {found}: \
         package the handler again"
    )]
    OtherHandler { packaged: String, found: String },
    #[error("{0}: package the handler again with the durabox of this bootstrap")]
    Precompiled(PrecompiledError),
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    #[error("`{host}` is not a host that steps can be allowed: {error}")]
    AllowedHost { host: String, error: AllowedHostError },
    #[error("DURABOX_DIRS {0}")]
    Directory(PreopenError),
}

impl Package {
    /// Finds the package: where Lambda says that it has unpacked it, else beside this program.
    pub(crate) fn locate() -> Result<Self, PackageError> {
        if let Some(directory) = env::var_os("LAMBDA_TASK_ROOT") {
            return Ok(Self { directory: directory.into() });
        }
        let program =
            env::current_exe().map_err(|source| PackageError::Unreadable { path: "/proc/self/exe".into(), source })?;
        Ok(Self { directory: program.parent().unwrap_or(Path::new("/")).to_owned() })
    }

    /// Reads and checks it, and loads the handler.
    pub(crate) fn load(&self) -> Result<Loaded, PackageError> {
        let manifest = Manifest::read(&self.read(MANIFEST)?)?;
        let this = env!("CARGO_PKG_VERSION");
        if manifest.durabox != this {
            return Err(PackageError::OtherDurabox { made_by: manifest.durabox, this });
        }
        let wasm = self.read(HANDLER)?;
        let sandbox = Sandbox::new(SandboxOptions::default())?;
        let code = self.directory.join(COMPILED);
        // SAFETY: the manifest lies beside this program, and whoever can write it can replace the program.
        #[allow(unsafe_code)]
        let loaded = unsafe { sandbox.load_precompiled(HANDLER, &wasm, &manifest.precompiled, &code) };
        let artifact = loaded.map_err(|error| match error {
            PrecompiledError::Handler(error) => error.into(),
            PrecompiledError::OtherWasm { found, .. } if found != manifest.handler.sha256 => {
                PackageError::OtherHandler { packaged: manifest.handler.sha256.clone(), found }
            }
            error => PackageError::Precompiled(error),
        })?;
        if artifact.sha256() != manifest.handler.sha256 {
            let (packaged, found) = (manifest.handler.sha256, artifact.sha256().to_owned());
            return Err(PackageError::OtherHandler { packaged, found });
        }
        Ok(Loaded { manifest, sandbox, artifact })
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, PackageError> {
        let path = self.directory.join(name);
        fs::read(&path).map_err(|source| PackageError::Unreadable { path, source })
    }
}
