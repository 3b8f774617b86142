//! What a command works on: a handler by its name, which is built, or an artifact by its path.

use std::path::{Path, PathBuf};

use durabox::handlers::{Build, CargoOutput};
use durabox::siblings::is_component;
use durabox::source::Sources;
use durabox::state_dir::StateDir;
use durabox::workspace::Workspace;
use durabox_runtime::store::Store;
use durabox_runtime::{Artifact, Sandbox, SandboxOptions};

use crate::cli_error::CliError;

/// A handler that is ready to be loaded.
#[derive(Debug)]
pub struct Subject {
    /// The artifact: a component, or a core module of wasm32-wasip1.
    pub path: PathBuf,
    /// The function's name.
    pub function_name: String,
    /// Where runs and compiled artifacts are kept.
    pub state: StateDir,
}

impl Subject {
    /// Builds the handler named `asked`, or takes `asked` as the path of an artifact, for which
    /// Cargo is not asked.
    pub fn resolve(asked: &str) -> Result<Self, CliError> {
        let here = current_directory()?;
        let function_name = Self::name(asked);
        if is_component(asked) {
            return Ok(Self { path: asked.into(), function_name, state: StateDir::near(&here) });
        }
        let workspace = Workspace::locate(&here)?;
        let handler = workspace.handler(asked)?;
        let built = Build::of(workspace.root(), handler, CargoOutput::Shown).run_one(&handler.name)?;
        let state = StateDir::of_root(workspace.root());
        Ok(Self { path: built.path, function_name, state })
    }

    /// Returns the function's name of what [`Subject::resolve`] would make of `asked`. Builds nothing.
    pub fn name(asked: &str) -> String {
        if is_component(asked) {
            let stem = Path::new(asked).file_stem().unwrap_or_default();
            return function_name(&stem.to_string_lossy());
        }
        // The name of its package may stand before a handler's.
        function_name(asked.split_once(':').map_or(asked, |(_, name)| name))
    }

    /// Loads the artifact, compiled before if it was loaded before.
    pub fn load(&self) -> Result<(Sandbox, Artifact), CliError> {
        // A directory that cannot be made costs the cache, not the run.
        let cache_dir = self.state.create().is_ok().then(|| self.state.cache());
        let sandbox = Sandbox::new(SandboxOptions { cache_dir })?;
        let artifact = sandbox.load(&self.path)?;
        Ok((sandbox, artifact))
    }

    /// Returns where sources may lie: call sites are relative to the workspace that was built.
    pub fn sources(&self) -> Sources {
        sources(&self.state)
    }
}

/// Returns the directory that the command was called in.
pub fn current_directory() -> Result<PathBuf, CliError> {
    std::env::current_dir().map_err(|error| CliError::io("reading", Path::new("the current directory"), &error))
}

/// Returns the sources around the project's root and the current directory.
pub fn sources(state: &StateDir) -> Sources {
    let mut roots = vec![state.root().to_owned()];
    roots.extend(std::env::current_dir().ok());
    Sources::new(roots)
}

/// Opens the store of a project that must have one.
pub fn existing_store(state: &StateDir) -> Result<Store, CliError> {
    if !state.exists() {
        let message = format!("no runs are kept in {} or above it: there is no .durabox", state.root().display());
        return Err(CliError::usage(message).hint("`durabox run HANDLER` makes a run and keeps it"));
    }
    Ok(Store::open(state.path())?)
}

/// Opens the store of a project's service, if it ever ran.
pub fn service_store(state: &StateDir) -> Result<Option<Store>, CliError> {
    let directory = super::serve::directory(state);
    Ok(match directory.is_dir() {
        true => Some(Store::open(&directory)?),
        false => None,
    })
}

/// Lambda's function names take `[a-zA-Z0-9-_]`, up to 64; a file's may be anything.
pub fn function_name(name: &str) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
    let name: String = name.chars().map(|character| if fits(character) { character } else { '-' }).take(64).collect();
    if name.is_empty() { "handler".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::{Subject, function_name};

    #[test]
    fn any_file_name_gives_a_function_name() {
        assert_eq!(function_name("my order.v2"), "my-order-v2");
        assert_eq!(function_name(""), "handler");
    }

    #[test]
    fn a_handler_is_called_as_its_binary_or_its_file() {
        for asked in ["order", "shop:order", "order.wasm", "target/wasm32-wasip2/release/order.wasm"] {
            assert_eq!(Subject::name(asked), "order");
        }
    }
}
