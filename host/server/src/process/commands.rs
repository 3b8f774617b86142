//! The command that starts a function, by its runtime: its own `bootstrap`, or the official client of
//! its language.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// How a function is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Program and arguments, as in [`super::ProcessConfig::command`].
    pub command: Vec<String>,
    /// Variables that the client needs; the function's own of the same name win.
    pub environment: Vec<(String, String)>,
}

/// Why a function cannot be started.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no client for the runtime.
    #[error("no client for runtime `{0}`: provided.al2023, provided.al2, python3.x and nodejsN.x are supported")]
    UnsupportedRuntime(String),
    /// A client must be told which function to call.
    #[error("runtime `{0}` needs a handler, as in `app.handler`")]
    NoHandler(String),
    /// The official client for Node.js is nowhere to be found.
    #[error(
        "no aws-lambda-ric for runtime `{runtime}` in {}/node_modules, on NODE_PATH or on PATH: \
         `npm install aws-lambda-ric` in one of them", code.display()
    )]
    NoNodeClient {
        /// The runtime.
        runtime: String,
        /// The directory of the code.
        code: PathBuf,
    },
}

/// Returns the command that starts a function whose code lies in `code`.
///
/// * `provided.al2023`, `provided.al2` or no runtime: `bootstrap` in that directory.
/// * `python3.x`: `python3 -m awslambdaric HANDLER`, by the Python of the directory's `.venv` if there
///   is one, else by the one of that version on `PATH`, else by `python3`.
/// * `nodejsN.x`: `aws-lambda-ric HANDLER`, of the directory's `node_modules`, `NODE_PATH` or `PATH`.
///
/// # Errors
///
/// Another runtime, a client without a handler, or no client for Node.js.
pub fn launch(runtime: Option<&str>, handler: Option<&str>, code: &Path) -> Result<Launch, CommandError> {
    let runtime = runtime.unwrap_or("provided.al2023");
    if matches!(runtime, "provided.al2023" | "provided.al2") {
        return Ok(Launch { command: vec![text(&code.join("bootstrap"))], environment: Vec::new() });
    }
    let language = Language::of(runtime).ok_or_else(|| CommandError::UnsupportedRuntime(runtime.to_owned()))?;
    let handler = handler.ok_or_else(|| CommandError::NoHandler(runtime.to_owned()))?.to_owned();
    match language {
        Language::Python => {
            let command = vec![python(runtime, code), "-m".to_owned(), "awslambdaric".to_owned(), handler];
            Ok(Launch { command, environment: vec![("PYTHONPATH".to_owned(), text(code))] })
        }
        Language::Node => {
            let mut command = node_client(code)
                .ok_or_else(|| CommandError::NoNodeClient { runtime: runtime.to_owned(), code: code.to_owned() })?;
            command.push(handler);
            Ok(Launch { command, environment: Vec::new() })
        }
    }
}

#[derive(Clone, Copy)]
enum Language {
    Python,
    Node,
}

impl Language {
    fn of(runtime: &str) -> Option<Self> {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if runtime.strip_prefix("python3.").is_some_and(number) {
            return Some(Self::Python);
        }
        let node = runtime.strip_prefix("nodejs").and_then(|version| version.strip_suffix(".x"));
        node.is_some_and(number).then_some(Self::Node)
    }
}

fn python(runtime: &str, code: &Path) -> String {
    let own = code.join(".venv/bin/python");
    if own.exists() {
        return text(&own);
    }
    if on_path(runtime).is_some() { runtime.to_owned() } else { "python3".to_owned() }
}

/// Returns the command of the official client: its script, run by node, or its command on `PATH`.
fn node_client(code: &Path) -> Option<Vec<String>> {
    let node_path = env::var_os("NODE_PATH").unwrap_or_default();
    let script = std::iter::once(code.join("node_modules"))
        .chain(env::split_paths(&node_path))
        .find_map(|modules| client_script(&modules.join("aws-lambda-ric")));
    match script {
        Some(script) => Some(vec!["node".to_owned(), text(&script)]),
        None => on_path("aws-lambda-ric").map(|command| vec![text(&command)]),
    }
}

/// Returns the script of the client's package: where it lies differs between its versions.
fn client_script(package: &Path) -> Option<PathBuf> {
    let manifest = fs::read(package.join("package.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).ok()?;
    let bin = &manifest["bin"];
    let script = bin.as_str().or_else(|| bin["aws-lambda-ric"].as_str())?;
    Some(package.join(script.trim_start_matches("./")))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(name)).find(|command| command.is_file())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
