//! The handlers of this process: each package is built once, each artifact loaded once.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use durabox_runtime::{Artifact, ArtifactError, Sandbox, SandboxOptions};

use super::RunError;
use crate::handlers::{Build, Built, CargoOutput, Outcome};
use crate::source::Sources;
use crate::state_dir::StateDir;
use crate::workspace::Workspace;

/// The package whose tests run, or the current directory.
fn start_directory() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .or_else(|| std::env::current_dir().ok())
        .unwrap_or_else(|| PathBuf::from("."))
}

/// Returns the sandbox that every runner of this process shares.
pub(super) fn sandbox() -> Result<&'static Sandbox, ArtifactError> {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    if let Some(sandbox) = SANDBOX.get() {
        return Ok(sandbox);
    }
    // The workspace is found without Cargo here: an artifact given by its path needs none.
    let start = start_directory();
    let state = match start.ancestors().filter(|directory| directory.join("Cargo.lock").is_file()).last() {
        Some(root) => StateDir::of_root(root),
        None => StateDir::near(&start),
    };
    // Without the directory everything is compiled anew, which is slower and no more.
    let cache_dir = state.create().is_ok().then(|| state.cache());
    let sandbox = Sandbox::new(SandboxOptions { cache_dir })?;
    Ok(SANDBOX.get_or_init(|| sandbox))
}

/// Returns where the handlers' sources lie.
pub(super) fn sources() -> Sources {
    Sources::new(start_directory().ancestors().map(Path::to_owned))
}

#[derive(Default)]
struct Known {
    workspace: Option<Workspace>,
    /// By package: what was built, and why the rest was not.
    packages: HashMap<String, (BTreeMap<String, Built>, Option<String>)>,
    artifacts: HashMap<PathBuf, Artifact>,
}

fn known() -> std::sync::MutexGuard<'static, Known> {
    static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
    KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the names of the workspace's handlers.
pub(super) fn names() -> Result<Vec<String>, RunError> {
    let mut known = known();
    Ok(workspace(&mut known)?.handlers().iter().map(|handler| handler.name.clone()).collect())
}

/// Looks for the handler of this name; nothing is built.
pub(super) fn find(name: &str) -> Result<(), RunError> {
    let mut known = known();
    workspace(&mut known)?.handler(name)?;
    Ok(())
}

fn workspace(known: &mut Known) -> Result<Workspace, RunError> {
    let workspace = match known.workspace.take() {
        Some(workspace) => workspace,
        None => Workspace::locate(&start_directory())?,
    };
    Ok(known.workspace.insert(workspace).clone())
}

/// Builds the handler's package unless this process has, and loads the handler.
pub(super) fn by_name(name: &str) -> Result<Artifact, RunError> {
    let mut known = known();
    let workspace = workspace(&mut known)?;
    let handler = workspace.handler(name)?;
    if !known.packages.contains_key(&handler.package) {
        // One call for all handlers of the package: the tests beside this one want them, and Cargo
        // takes longer to start than to find that there is nothing to do.
        let build = Build::of_packages(workspace.root(), [handler.package.as_str()], CargoOutput::Captured);
        let Outcome { built, result } = build.with_argument("--keep-going").run();
        let failure = result.as_ref().err().map(ToString::to_string);
        let missing = !built.contains_key(&handler.name);
        known.packages.insert(handler.package.clone(), (built, failure));
        if missing {
            result?;
        }
    }
    let (built, failure) = &known.packages[&handler.package];
    let Some(path) = built.get(&handler.name).map(|built| built.path.clone()) else {
        let problem = failure.clone().unwrap_or_else(|| format!("cargo built no artifact of `{name}`"));
        return Err(RunError::Repeated(problem));
    };
    Ok(load(&mut known, &path)?)
}

/// Loads an artifact that is already built.
pub(super) fn by_path(path: &Path) -> Result<Artifact, ArtifactError> {
    load(&mut known(), path)
}

fn load(known: &mut Known, path: &Path) -> Result<Artifact, ArtifactError> {
    if let Some(artifact) = known.artifacts.get(path) {
        return Ok(artifact.clone());
    }
    let artifact = sandbox()?.load(path)?;
    known.artifacts.insert(path.to_owned(), artifact.clone());
    Ok(artifact)
}
