//! Finds the handlers of a Cargo workspace: the binaries of packages that depend on `durabox-sdk`.
//!
//! Reads manifests through `cargo metadata`; builds nothing.

use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use crate::near;

/// The package that makes a binary a handler.
const SDK: &str = "durabox-sdk";

/// A Cargo workspace and its handlers.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    target_directory: PathBuf,
    handlers: Vec<Handler>,
}

/// A binary that durabox can run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handler {
    /// The binary, which is also the function's name.
    pub name: String,
    /// The package that it belongs to.
    pub package: String,
    /// The file of its `main`.
    pub source: PathBuf,
}

/// Why a handler was not found.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// There is no manifest here or above.
    #[error("no Cargo.toml in {} or above it", .0.display())]
    NoManifest(PathBuf),
    /// Cargo could not be run, or refused the manifests.
    #[error("cargo metadata failed: {0}")]
    Metadata(String),
    /// No handler of this name.
    #[error("no handler `{asked}` in the workspace {}", root.display())]
    Unknown {
        /// What was asked for.
        asked: String,
        /// The workspace.
        root: PathBuf,
        /// The handlers that there are.
        known: Vec<String>,
    },
    /// Several packages have a handler of this name.
    #[error("handler `{asked}` is in several packages: {}", packages.join(", "))]
    Ambiguous {
        /// What was asked for.
        asked: String,
        /// The packages.
        packages: Vec<String>,
    },
}

impl WorkspaceError {
    /// Returns what a person can do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NoManifest(_) => vec![
                "run it inside a Cargo project, or give the path of a .wasm file".into(),
                "`durabox new NAME` makes a project".into(),
            ],
            Self::Metadata(_) => Vec::new(),
            Self::Unknown { known, .. } if known.is_empty() => {
                vec![format!("a handler is a binary of a package that depends on `{SDK}`")]
            }
            Self::Unknown { asked, known, .. } => {
                vec![near::hint(asked, "handlers", known.iter().map(String::as_str))]
            }
            Self::Ambiguous { asked, packages } => {
                packages.iter().take(1).map(|package| format!("name its package too: `{package}:{asked}`")).collect()
            }
        }
    }
}

impl Workspace {
    /// Reads the workspace around `directory`.
    pub fn locate(directory: &Path) -> Result<Self, WorkspaceError> {
        if !directory.ancestors().any(|ancestor| ancestor.join("Cargo.toml").is_file()) {
            return Err(WorkspaceError::NoManifest(directory.to_owned()));
        }
        Self::read(MetadataCommand::new().current_dir(directory))
    }

    /// Reads the workspace of a manifest.
    pub fn of_manifest(manifest: &Path) -> Result<Self, WorkspaceError> {
        Self::read(MetadataCommand::new().manifest_path(manifest))
    }

    fn read(command: &mut MetadataCommand) -> Result<Self, WorkspaceError> {
        let metadata = command.no_deps().exec().map_err(|error| WorkspaceError::Metadata(readable(error)))?;
        let mut handlers: Vec<Handler> =
            metadata.workspace_packages().into_iter().filter(|package| uses_sdk(package)).flat_map(binaries).collect();
        handlers.sort();
        let target_directory = metadata.target_directory.into_std_path_buf();
        Ok(Self { root: metadata.workspace_root.into_std_path_buf(), target_directory, handlers })
    }

    /// Returns the directory of the workspace's manifest.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the directory that Cargo builds into.
    pub fn target_directory(&self) -> &Path {
        &self.target_directory
    }

    /// Returns every handler, by name.
    pub fn handlers(&self) -> &[Handler] {
        &self.handlers
    }

    /// Returns the handler of this name; `package:name` tells namesakes apart.
    pub fn handler(&self, asked: &str) -> Result<&Handler, WorkspaceError> {
        let (package, name) = match asked.split_once(':') {
            Some((package, name)) => (Some(package), name),
            None => (None, asked),
        };
        let found: Vec<&Handler> = self
            .handlers
            .iter()
            .filter(|handler| handler.name == name && package.is_none_or(|package| handler.package == package))
            .collect();
        match found.as_slice() {
            [handler] => Ok(handler),
            [] => Err(WorkspaceError::Unknown {
                asked: asked.to_owned(),
                root: self.root.clone(),
                known: self.handlers.iter().map(|handler| handler.name.clone()).collect(),
            }),
            several => Err(WorkspaceError::Ambiguous {
                asked: asked.to_owned(),
                packages: several.iter().map(|handler| handler.package.clone()).collect(),
            }),
        }
    }
}

fn uses_sdk(package: &Package) -> bool {
    package.dependencies.iter().any(|dependency| dependency.name == SDK && dependency.kind == DependencyKind::Normal)
}

fn binaries(package: &Package) -> Vec<Handler> {
    let binaries = package.targets.iter().filter(|target| target.is_bin());
    binaries
        .map(|target| Handler {
            name: target.name.clone(),
            package: package.name.to_string(),
            source: target.src_path.clone().into_std_path_buf(),
        })
        .collect()
}

/// Cargo's own words without its prefix.
fn readable(error: cargo_metadata::Error) -> String {
    match error {
        cargo_metadata::Error::CargoMetadata { stderr } => {
            stderr.trim().strip_prefix("error: ").unwrap_or(stderr.trim()).to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Handler, Workspace, WorkspaceError};

    fn workspace() -> Workspace {
        let handler = |name: &str, package: &str| Handler {
            name: name.into(),
            package: package.into(),
            source: "src/main.rs".into(),
        };
        Workspace {
            root: "/project".into(),
            target_directory: "/project/target".into(),
            handlers: vec![handler("order", "shop"), handler("refund", "bank"), handler("refund", "shop")],
        }
    }

    #[test]
    fn namesakes_are_told_apart_by_their_package() {
        let workspace = workspace();
        assert_eq!(workspace.handler("order").expect("one").package, "shop");
        assert_eq!(workspace.handler("bank:refund").expect("one").package, "bank");
        let error = workspace.handler("refund").expect_err("two");
        assert_eq!(error.to_string(), "handler `refund` is in several packages: bank, shop");
        assert_eq!(error.hints(), ["name its package too: `bank:refund`"]);
    }

    #[test]
    fn an_unknown_name_gets_what_is_near() {
        let error = workspace().handler("ordre").expect_err("none");
        assert!(matches!(error, WorkspaceError::Unknown { .. }));
        assert_eq!(error.hints(), ["did you mean `order`?"]);
    }
}
