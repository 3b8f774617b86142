//! Packages of handlers, unpacked, and the processes that run them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use durabox::handlers::CargoOutput;
use durabox::package::{Package, Zip, bootstrap};
use durabox::runtime::precompiled::Architecture;
use serde_json::Value;

use crate::handlers::{component, target_dir};

/// A function, unpacked into a directory of its own that goes with it.
pub struct Function {
    directory: PathBuf,
    environment: Vec<(String, String)>,
}

/// A process that runs a function, and those that ran it before.
pub struct Environment {
    command: Command,
    child: Child,
    /// When the first process was started.
    started: Instant,
    logs: Arc<Mutex<Vec<Value>>>,
    readers: Vec<JoinHandle<()>>,
}

/// Returns this machine's bootstrap, which is built once.
pub fn program() -> &'static [u8] {
    static BUILT: OnceLock<Vec<u8>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let built = bootstrap::build(architecture(), &target_dir(), CargoOutput::Captured);
        built.unwrap_or_else(|error| panic!("the bootstrap does not build: {error}")).bytes
    })
}

/// Returns the architecture of this machine.
pub fn architecture() -> Architecture {
    Architecture::host().expect("Lambda has this architecture")
}

/// Packages a handler.
pub fn packaged(handler: &str) -> Zip {
    let wasm = fs::read(component(handler)).expect("a component");
    let package = Package {
        function: handler,
        wasm: &wasm,
        bootstrap: program(),
        architecture: architecture(),
        allowed_hosts: &["127.0.0.1".parse().expect("a host")],
    };
    package.zip().unwrap_or_else(|error| panic!("{handler}: {error}"))
}

impl Function {
    /// Packages a handler, and unpacks it as Lambda does.
    pub fn new(handler: &str) -> Self {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let unique = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("durabox-function-{}-{unique}", std::process::id()));
        for (name, bytes, is_program) in durabox::package::unpacked(&packaged(handler).bytes).expect("a zip") {
            let path = directory.join(name);
            fs::create_dir_all(&directory).expect("a directory");
            fs::write(&path, bytes).expect("a file");
            let mode = if is_program { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
        }
        Self { directory, environment: Vec::new() }
    }

    /// Sets a variable of the function's configuration.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Returns one of the unpacked files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Changes the manifest.
    pub fn change_manifest(&self, change: impl FnOnce(&mut Value)) {
        let path = self.file("manifest.json");
        let mut manifest = serde_json::from_slice(&fs::read(&path).expect("a manifest")).expect("JSON");
        change(&mut manifest);
        fs::write(&path, manifest.to_string()).expect("a manifest");
    }

    /// Starts a process for it, which asks for events at `authority`.
    pub fn start(&self, authority: &str) -> Environment {
        self.start_program(&self.directory.join("bootstrap"), authority)
    }

    /// Starts a process of another program in its place.
    pub fn start_program(&self, program: &Path, authority: &str) -> Environment {
        let endpoint = format!("http://{authority}");
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", authority),
                ("AWS_ENDPOINT_URL_LAMBDA", endpoint.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "handler"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "id"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
                ("AWS_SESSION_TOKEN", "token"),
            ])
            .env("LAMBDA_TASK_ROOT", &self.directory)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let started = Instant::now();
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut environment = Environment { command, child, started, logs: Arc::default(), readers: Vec::new() };
        environment.read();
        environment
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Environment {
    /// Returns when the first process was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Returns how the process ended, if it has.
    pub(super) fn died(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a process of ours")
    }

    /// Kills the process, and starts another.
    pub(super) fn restart(&mut self) {
        self.kill();
        self.child = self.command.spawn().expect("it started before");
        self.read();
    }

    /// Kills the process, and returns all that was logged.
    pub fn stop(mut self) -> Vec<Value> {
        self.kill();
        for reader in std::mem::take(&mut self.readers) {
            reader.join().expect("a reader");
        }
        std::mem::take(&mut *self.logs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("a process of ours");
    }

    fn read(&mut self) {
        let stdout = BufReader::new(self.child.stdout.take().expect("a pipe"));
        let logs = Arc::clone(&self.logs);
        self.readers.push(thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                logs.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        }));
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.kill();
    }
}
