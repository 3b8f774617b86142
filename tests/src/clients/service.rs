//! `durabox serve`, started for one test and stopped with it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use serde_json::Value;

use super::tools::Tools;
use crate::handlers::{cargo, component};

/// A service that listens on a port of its own; it ends with this value.
#[derive(Debug)]
pub struct Service {
    child: Child,
    endpoint: String,
    stderr: Arc<Mutex<String>>,
}

impl Service {
    /// Starts `durabox serve --port 0` with these handlers of the workspace as functions, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it ends instead: with what it told.
    pub fn start(tools: &Tools, handlers: &[&str], arguments: &[&OsStr]) -> Self {
        let mut command = Command::new(durabox());
        command.args(["serve", "--port", "0", "--memory"]).args(arguments).env("PATH", tools.path());
        Self::spawn(command, handlers)
    }

    /// Starts `durabox serve --port 0` with its state in a directory.
    ///
    /// # Panics
    ///
    /// When it ends instead: with what it told.
    pub fn start_kept(directory: &Path, handlers: &[&str], arguments: &[&str]) -> Self {
        let mut command = Command::new(durabox());
        command.args(["serve", "--port", "0", "--state-dir"]).arg(directory).args(arguments);
        Self::spawn(command, handlers)
    }

    /// Starts `durabox serve --port 0` with its state in memory.
    ///
    /// # Panics
    ///
    /// When it ends instead: with what it told.
    pub fn start_in_memory(handlers: &[&str], arguments: &[&str]) -> Self {
        let mut command = Command::new(durabox());
        command.args(["serve", "--port", "0", "--memory"]).args(arguments);
        Self::spawn(command, handlers)
    }

    fn spawn(mut command: Command, handlers: &[&str]) -> Self {
        for handler in handlers {
            command.arg("--function").arg(format!("{handler}={}", component(handler).display()));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        let stderr = Arc::<Mutex<String>>::default();
        let (pipe, told) = (child.stderr.take().expect("stderr is piped"), Arc::clone(&stderr));
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                told.push_str(&line);
                told.push('\n');
            }
        });
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        let read = stdout.read_line(&mut line);
        let mut service = Self { child, endpoint: String::new(), stderr };
        match line.trim().strip_prefix("listening on ") {
            Some(endpoint) => service.endpoint = endpoint.to_owned(),
            None => panic!("{command:?}: expected `listening on …`, got {line:?} ({read:?})\n{}", service.end()),
        }
        // Nobody reads the rest, but a full pipe would block it.
        thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        service
    }

    /// Returns where it listens, `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as a machine that loses power would: nothing is said, nothing is finished.
    pub fn kill(mut self) {
        self.end();
    }

    /// Returns what it told so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(&mut self) -> String {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.stderr()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

/// Returns the command `durabox`, built by this process's Cargo.
pub fn durabox() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build).clone()
}

/// Builds the command as `cargo test` does for its own tests, so that nothing is built twice with other features.
fn build() -> PathBuf {
    let output = cargo(&["test", "--release", "--no-run", "--test", "cli", "--message-format", "json"]).output();
    let output = output.expect("cargo starts");
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_command = message["target"]["name"] == "durabox" && message["target"]["kind"][0] == "bin";
        is_command.then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
    });
    executable.unwrap_or_else(|| {
        let stderr = String::from_utf8_lossy(&output.stderr);
        panic!("cargo test --no-run --test cli: expected the executable `durabox`, got {}:\n{stderr}", output.status)
    })
}
