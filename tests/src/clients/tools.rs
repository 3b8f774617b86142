//! Installs what the scripts need: from PyPI into an environment of its own, from npm beside it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, iter};

use crate::conformance::package;
use crate::handlers::{target_dir, workspace};

/// A copy of `tests/clients` in the target folder, with everything installed.
///
/// It is a copy because Node.js looks for packages in the folders above a file.
#[derive(Debug)]
pub struct Tools {
    home: PathBuf,
}

/// Returns the tools, installed by the first caller of a target folder: that one needs python3, node, npm, a C++
/// compiler, make, PyPI and npm's registry; later ones python3 and node.
pub fn tools() -> Result<&'static Tools, String> {
    static TOOLS: OnceLock<Result<Tools, String>> = OnceLock::new();
    TOOLS.get_or_init(install).as_ref().map_err(Clone::clone)
}

impl Tools {
    /// Returns the folder with the scripts.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Returns the Python that has the packages.
    pub fn python(&self) -> PathBuf {
        self.home.join("venv/bin/python")
    }

    /// Returns a search path on which Python, Node.js and the clients of the Runtime API are these.
    pub fn path(&self) -> OsString {
        search_path(&[self.home.join("venv/bin"), self.home.join("node_modules/.bin")])
    }
}

fn install() -> Result<Tools, String> {
    let home = target_dir().join("clients");
    fs::create_dir_all(&home).map_err(|error| format!("cannot make {}: {error}", home.display()))?;
    // Of several test processes one installs, and the others wait.
    let lock = File::create(home.join("lock")).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.map_err(|error| format!("cannot lock {}: {error}", home.display()))?;
    copy(&workspace().join("tests/clients"), &home)?;
    let tools = Tools { home };
    let requirements = [tools.read("requirements.txt")?, package::VERSION.to_owned()].concat();
    tools.once("venv", &requirements, || tools.install_python())?;
    let lock = [tools.read("package.json")?, tools.read("package-lock.json")?].concat();
    tools.once("node_modules", &lock, || tools.install_node())?;
    tools.link_python()?;
    Ok(tools)
}

impl Tools {
    /// Runs an installation unless the same was installed into `folder` before; what is there otherwise goes.
    fn once(&self, folder: &str, content: &str, install: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
        let marker = self.home.join(format!("{folder}.installed"));
        if fs::read_to_string(&marker).is_ok_and(|installed| installed == content) {
            return Ok(());
        }
        let folder = self.home.join(folder);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(format!("cannot remove {}: {error}", folder.display()));
            }
            _ => {}
        }
        install()?;
        fs::write(&marker, content).map_err(|error| format!("cannot write {}: {error}", marker.display()))
    }

    fn install_python(&self) -> Result<(), String> {
        run(Command::new("python3").args(["-m", "venv"]).arg(self.home.join("venv")))?;
        let pip = || {
            let mut pip = Command::new(self.python());
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
            pip
        };
        run(pip().arg("--requirement").arg(self.home.join("requirements.txt")))?;
        // The suite asks for a Python that is newer than what its command needs.
        let suite = format!("aws-durable-execution-conformance-tests=={}", package::VERSION);
        run(pip().args(["--no-deps", "--ignore-requires-python", &suite]))
    }

    fn install_node(&self) -> Result<(), String> {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&self.home);
        // aws-lambda-ric is compiled as it is installed, by cmake, which PyPI has, against the headers of Node.js.
        npm.env("PATH", search_path(&[self.home.join("venv/bin")]));
        if let Some(prefix) = node_prefix()? {
            npm.env("npm_config_nodedir", prefix);
        }
        run(&mut npm)
    }

    /// Gives the functions in Python these packages, as a deployed one has its own.
    fn link_python(&self) -> Result<(), String> {
        let link = self.home.join("functions/python/.venv");
        match symlink(self.home.join("venv"), &link) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(format!("cannot make the link {}: {error}", link.display()))
            }
            _ => Ok(()),
        }
    }

    fn read(&self, file: &str) -> Result<String, String> {
        let path = self.home.join(file);
        fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    }
}

/// Returns where Node.js is installed with its headers; without them node-gyp fetches them.
fn node_prefix() -> Result<Option<PathBuf>, String> {
    let node = output(Command::new("node").args(["--print", "process.execPath"]))?;
    let prefix = Path::new(node.trim()).parent().and_then(Path::parent);
    Ok(prefix.filter(|prefix| prefix.join("include/node/node.h").exists()).map(Path::to_owned))
}

/// Copies what differs, so that a process that reads a file meanwhile reads it whole.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let problem = |error: std::io::Error| format!("cannot copy {} to {}: {error}", from.display(), to.display());
    fs::create_dir_all(to).map_err(problem)?;
    for entry in fs::read_dir(from).map_err(problem)? {
        let source = entry.map_err(problem)?.path();
        let target = to.join(source.file_name().unwrap_or_default());
        if source.is_dir() {
            copy(&source, &target)?;
            continue;
        }
        let content = fs::read(&source).map_err(problem)?;
        if fs::read(&target).ok().as_ref() != Some(&content) {
            let partial = to.join("partial");
            fs::write(&partial, content).and_then(|()| fs::rename(&partial, &target)).map_err(problem)?;
        }
    }
    Ok(())
}

fn search_path(first: &[PathBuf]) -> OsString {
    let inherited = env::var_os("PATH").unwrap_or_default();
    let folders = first.iter().cloned().chain(env::split_paths(&inherited));
    env::join_paths(folders).unwrap_or(inherited)
}

fn run(command: &mut Command) -> Result<(), String> {
    output(command).map(drop)
}

/// Runs a command and returns what it printed.
fn output(command: &mut Command) -> Result<String, String> {
    let words = iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let (program, line) = (&words[0], words.join(" "));
    let output = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("{program} is missing; `{line}` installs what the judges in tests/clients need"),
        _ => format!("cannot run `{line}`: {error}"),
    })?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{line}`, which installs what the judges in tests/clients need: {}\n{printed}{stderr}", output.status))
}
