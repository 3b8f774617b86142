//! Reads lines of handlers' sources, for reports.

use std::path::PathBuf;

use durabox_runtime::engine::replay::CallSite;

/// Where sources may lie: call sites are paths relative to one of these directories.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    roots: Vec<PathBuf>,
}

impl Sources {
    /// Returns the sources below these directories.
    pub fn new(roots: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { roots: roots.into_iter().collect() }
    }

    /// Returns the line of a call site without its indentation, if the file is there.
    pub fn line(&self, site: &CallSite) -> Option<String> {
        let index = usize::try_from(site.line).ok()?.checked_sub(1)?;
        self.read(&site.file)?.lines().nth(index).map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
    }

    /// Whether the file has the string literal `"name"` anywhere; `None` without the file.
    pub fn mentions(&self, file: &str, name: &str) -> Option<bool> {
        Some(self.read(file)?.contains(&format!("{name:?}")))
    }

    /// Whether the call at this site still seems to be that of the operation named `name`: the
    /// name stands on this line or on one of the next ones, where a builder's `.name(…)` would.
    pub fn still_shows(&self, site: &CallSite, name: Option<&str>) -> bool {
        const REACH: usize = 12;
        let Some(name) = name else { return true };
        let Some(text) = self.read(&site.file) else { return false };
        let first = (site.line as usize).saturating_sub(1);
        text.lines().skip(first).take(REACH).any(|line| line.contains(&format!("{name:?}")))
    }

    fn read(&self, file: &str) -> Option<String> {
        self.roots.iter().find_map(|root| std::fs::read_to_string(root.join(file)).ok())
    }
}
