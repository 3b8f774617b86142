//! The handlers of `examples` and `tests/handlers`, built for WebAssembly once to a test process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use durabox::handlers::{Build, Built, CargoOutput, Target, leave_the_test_behind};
use durabox::runtime::local::{self, Run, RunOptions};
use durabox::runtime::{Artifact, Sandbox, SandboxOptions};

/// Returns the Cargo that runs this test, for the workspace.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    leave_the_test_behind(&mut cargo);
    cargo.args(arguments).current_dir(workspace());
    cargo
}

/// Returns the root of the workspace.
pub fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// Returns the folder of what Cargo builds.
pub fn target_dir() -> PathBuf {
    workspace().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into()))
}

/// Returns the sandbox of this process; compiled handlers are cached under the target directory.
pub fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| {
        let cache_dir = Some(target_dir().join("durabox-cache"));
        Sandbox::new(SandboxOptions { cache_dir }).expect("a sandbox")
    })
}

/// Returns the path of a handler's component.
pub fn component(name: &str) -> PathBuf {
    static BUILT: OnceLock<BTreeMap<String, Built>> = OnceLock::new();
    path(BUILT.get_or_init(|| build(Target::Wasip2)), name)
}

/// Returns the path of a handler's core module.
pub fn module(name: &str) -> PathBuf {
    static BUILT: OnceLock<BTreeMap<String, Built>> = OnceLock::new();
    path(BUILT.get_or_init(|| build(Target::Wasip1)), name)
}

fn build(target: Target) -> BTreeMap<String, Built> {
    let root = workspace();
    let packages = ["durabox-examples", "durabox-test-handlers"];
    let outcome = Build { target, ..Build::of_packages(&root, packages, CargoOutput::Captured) }.run();
    outcome.result.unwrap_or_else(|error| panic!("the handlers do not build: {error}"));
    outcome.built
}

fn path(built: &BTreeMap<String, Built>, name: &str) -> PathBuf {
    built.get(name).unwrap_or_else(|| panic!("there is no handler {name:?}")).path.clone()
}

/// Returns the names of the examples.
pub fn examples() -> Vec<String> {
    let files = std::fs::read_dir(workspace().join("examples/src/bin")).expect("the examples");
    let names =
        files.map(|file| file.expect("a file").path().file_stem().expect("a name").to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Returns a handler, loaded from its component.
pub fn artifact(name: &str) -> Artifact {
    load(&component(name))
}

/// Returns a handler, loaded from its core module.
pub fn module_artifact(name: &str) -> Artifact {
    load(&module(name))
}

fn load(path: &Path) -> Artifact {
    sandbox().load(path).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a handler to its end.
pub fn run(name: &str, input: &str) -> Run {
    run_with(name, input, RunOptions::default())
}

/// Runs a handler to its end.
pub fn run_with(name: &str, input: &str, options: RunOptions) -> Run {
    run_artifact(&artifact(name), name, input, options)
}

/// Runs an artifact of a handler to its end.
pub fn run_artifact(artifact: &Artifact, name: &str, input: &str, options: RunOptions) -> Run {
    let options = RunOptions { function_name: name.into(), ..options };
    block_on(local::run(sandbox(), artifact, input, options, None)).expect("a run")
}

/// Runs a future to its end on this thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}
