//! Where the suite's files are: fetched from PyPI once, kept in the target folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs, process};

use crate::handlers::target_dir;

/// The release of the suite that durabox is judged by.
pub const VERSION: &str = "1.0.0";

/// Names the environment variable that replaces the download: a folder that `pip install --target` filled.
pub const DIR_VARIABLE: &str = "DURABOX_CONFORMANCE_DIR";

const REQUIREMENTS: &str = "aws_durable_execution_conformance_tests/test_requirements";

/// Returns the folder of the suite's requirements, one subfolder per kind of operation.
///
/// The first caller of a target folder needs python3, pip and PyPI; later ones need nothing.
pub fn requirements_dir() -> Result<PathBuf, String> {
    static DIR: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    DIR.get_or_init(locate).clone()
}

fn locate() -> Result<PathBuf, String> {
    if let Some(package) = env::var_os(DIR_VARIABLE) {
        let requirements = Path::new(&package).join(REQUIREMENTS);
        return if requirements.is_dir() {
            Ok(requirements)
        } else {
            Err(format!("{DIR_VARIABLE} is {}, which has no folder {REQUIREMENTS}", package.display()))
        };
    }
    let package = target_dir().join("conformance").join(VERSION);
    if !package.join(REQUIREMENTS).is_dir() {
        fetch(&package)?;
    }
    Ok(package.join(REQUIREMENTS))
}

/// Installs the package beside `package` and renames it, so that of several processes one wins and none sees half.
fn fetch(package: &Path) -> Result<(), String> {
    let partial = package.with_file_name(format!("{VERSION}-partial-{}", process::id()));
    let fetched = install(&partial).and_then(|()| match fs::rename(&partial, package) {
        Err(_) if package.join(REQUIREMENTS).is_dir() => Ok(()),
        renamed => {
            renamed.map_err(|error| format!("cannot rename {} to {}: {error}", partial.display(), package.display()))
        }
    });
    // Gone already after a successful rename.
    let _ = fs::remove_dir_all(&partial);
    fetched
}

fn install(target: &Path) -> Result<(), String> {
    let hint = format!("hint: set {DIR_VARIABLE} to a folder that already has the package");
    // The suite asks for a Python that runs its command; its YAML files need none.
    let output = Command::new("python3")
        .args(["-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--ignore-requires-python"])
        .arg("--target")
        .arg(target)
        .arg(format!("aws-durable-execution-conformance-tests=={VERSION}"))
        .output()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!("python3 is missing, the conformance suite is fetched by its pip\n{hint}"),
            _ => format!("cannot run python3: {error}\n{hint}"),
        })?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stderr = stderr.trim();
    if stderr.contains("No module named pip") {
        return Err(format!("pip is missing, the conformance suite is fetched by it: {stderr}\n{hint}"));
    }
    Err(format!("pip could not fetch the conformance suite ({}): {stderr}\n{hint}", output.status))
}
