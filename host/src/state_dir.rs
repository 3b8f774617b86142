//! Where a project keeps its runs: `.durabox/`, with `cache/` for compiled artifacts.

use std::io;
use std::path::{Path, PathBuf};

/// The directory's name.
const NAME: &str = ".durabox";

/// A project's `.durabox/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// Returns the one of a project whose root is known.
    pub fn of_root(root: &Path) -> Self {
        Self(root.join(NAME))
    }

    /// Returns the nearest one at or above `directory`, else the one that `directory` would have.
    pub fn near(directory: &Path) -> Self {
        let existing = directory.ancestors().map(|ancestor| ancestor.join(NAME)).find(|path| path.is_dir());
        Self(existing.unwrap_or_else(|| directory.join(NAME)))
    }

    /// Makes the directory if it is missing, with a `.gitignore` that keeps it out of commits.
    pub fn create(&self) -> io::Result<()> {
        if self.0.is_dir() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.0)?;
        std::fs::write(self.0.join(".gitignore"), "*\n")
    }

    /// Returns the directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the directory of the project.
    pub fn root(&self) -> &Path {
        self.0.parent().unwrap_or(&self.0)
    }

    /// Returns where compiled artifacts are kept.
    pub fn cache(&self) -> PathBuf {
        self.0.join("cache")
    }

    /// Whether anything was ever kept here.
    pub fn exists(&self) -> bool {
        self.0.is_dir()
    }
}
