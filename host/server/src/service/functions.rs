//! The functions: given when the server starts, or made through the API as a deploy tool does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{ServerError, Service, ServiceError};
use crate::function::{Code, FunctionSettings, FunctionVersion};
use crate::log::LogRecord;
use crate::names::{FunctionName, LATEST};
use crate::process::{ProcessConfig, ProcessLine, Processes, code, commands};
use crate::registry::Function;
use crate::remote::Remote;

/// Where a function's code comes from.
#[derive(Clone, Debug)]
pub enum CodeSource {
    /// A handler, as built for `wasm32-wasip2` or `wasm32-wasip1`: runs in this process.
    Component(PathBuf),
    /// A zip, as Lambda takes it.
    Zip(Vec<u8>),
    /// A directory with what a zip would hold.
    Directory(PathBuf),
    /// A command that speaks the Runtime API, started in a directory.
    Command {
        /// Program and arguments.
        command: Vec<String>,
        /// Where.
        directory: PathBuf,
    },
    /// A function behind `http://HOST:PORT`, which answers Lambda's Invoke.
    Endpoint(String),
}

/// Where the code of functions is unpacked, by its SHA-256.
pub(super) struct CodeDir {
    path: PathBuf,
    /// Gone with the server.
    temporary: bool,
    /// Held while a function is read and its record written, so that the last record is the newest.
    keeping: Mutex<()>,
}

impl CodeDir {
    pub(super) fn new(state_dir: Option<&Path>) -> Result<Self, ServerError> {
        let (path, temporary) = match state_dir {
            Some(directory) => (directory.join("functions"), false),
            None => (std::env::temp_dir().join(format!("durabox-{}", Uuid::new_v4())), true),
        };
        std::fs::create_dir_all(&path).map_err(|source| ServerError::Io { path: path.clone(), source })?;
        Ok(Self { path, temporary, keeping: Mutex::default() })
    }

    /// Keeps a zip and unpacks it, once.
    fn unpack(&self, zip: &[u8]) -> Result<PathBuf, String> {
        let digest = digest(zip);
        let directory = self.path.join("code").join(&digest);
        if directory.is_dir() {
            return Ok(directory);
        }
        let partial = self.path.join("code").join(format!("{digest}-{}", Uuid::new_v4()));
        std::fs::create_dir_all(&partial).map_err(|error| format!("{}: {error}", partial.display()))?;
        let unpacked = code::unzip(zip, &partial).map_err(|error| error.to_string()).and_then(|()| {
            std::fs::write(self.zip(&digest), zip)
                .and_then(|()| std::fs::rename(&partial, &directory))
                .map_err(|error| format!("{}: {error}", directory.display()))
        });
        if unpacked.is_err() {
            // What failed half-way is in nobody's way.
            let _ = std::fs::remove_dir_all(&partial);
        }
        unpacked.map(|()| directory)
    }

    fn zip(&self, digest: &str) -> PathBuf {
        self.path.join("code").join(format!("{digest}.zip"))
    }

    fn record(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.json"))
    }
}

impl Drop for CodeDir {
    fn drop(&mut self) {
        if self.temporary {
            // Left behind, it is only a directory of the system's temporary ones.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// A version of a function that was made through the API, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    version: String,
    settings: FunctionSettings,
    /// Of the zip, hexadecimal.
    zip: String,
    last_modified: String,
    revision_id: String,
}

/// A function that was made through the API, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct KeptFunction {
    latest: Kept,
    published: Vec<Kept>,
    aliases: BTreeMap<String, String>,
}

impl Service {
    /// Adds a function that is given when the server starts, or replaces it.
    pub fn add_function(
        &self,
        name: &str,
        settings: FunctionSettings,
        source: CodeSource,
    ) -> Result<Arc<FunctionVersion>, ServiceError> {
        FunctionName::parse(name, None).map_err(ServiceError::InvalidParameter)?;
        settings.check().map_err(ServiceError::InvalidParameter)?;
        let version = self.make_version(name, LATEST, settings, &source)?;
        Ok(self.registry.put(version))
    }

    /// CreateFunction.
    pub fn create_function(
        &self,
        name: &str,
        settings: FunctionSettings,
        zip: Vec<u8>,
        publish: bool,
    ) -> Result<Arc<FunctionVersion>, ServiceError> {
        FunctionName::parse(name, None).map_err(ServiceError::InvalidParameter)?;
        settings.check().map_err(ServiceError::InvalidParameter)?;
        if self.registry.read().contains_key(name) {
            return Err(ServiceError::Conflict(format!("Function already exist: {name}")));
        }
        let version = self.make_version(name, LATEST, settings, &CodeSource::Zip(zip))?;
        let latest = self.registry.put(version);
        self.keep(name)?;
        if publish { self.publish_version(name, None) } else { Ok(latest) }
    }

    /// UpdateFunctionCode. Executions that are open go on with the code that they started with.
    pub fn update_code(
        &self,
        function: &FunctionName,
        zip: Vec<u8>,
        publish: bool,
        architectures: Option<Vec<String>>,
    ) -> Result<Arc<FunctionVersion>, ServiceError> {
        let latest = self.latest(function)?;
        let mut settings = latest.settings.clone();
        if let Some(architectures) = architectures {
            settings.architectures = architectures;
        }
        let version = self.make_version(&latest.name, LATEST, settings, &CodeSource::Zip(zip))?;
        let latest = self.registry.put(version);
        self.keep(&latest.name)?;
        if publish { self.publish_version(&latest.name, None) } else { Ok(latest) }
    }

    /// UpdateFunctionConfiguration.
    pub fn update_settings(
        &self,
        function: &FunctionName,
        change: impl FnOnce(&mut FunctionSettings),
    ) -> Result<Arc<FunctionVersion>, ServiceError> {
        let latest = self.latest(function)?;
        let mut settings = latest.settings.clone();
        let was_durable = settings.durable_config.is_some();
        change(&mut settings);
        if settings.durable_config.is_some() && !was_durable {
            let message = "You cannot enable durable execution for an existing function. \
                           Create a new function with DurableConfig.";
            return Err(ServiceError::InvalidParameter(message.into()));
        }
        settings.check().map_err(ServiceError::InvalidParameter)?;
        let (code, digest) = self.same_code(&latest, &settings)?;
        let version = FunctionVersion {
            name: latest.name.clone(),
            version: LATEST.into(),
            settings,
            code,
            code_sha256: digest,
            code_size: latest.code_size,
            last_modified: self.now().to_string(),
            revision_id: Uuid::new_v4().to_string(),
        };
        let latest = self.registry.put(version);
        self.keep(&latest.name)?;
        Ok(latest)
    }

    /// PublishVersion: `$LATEST` under the next number, or the last number if nothing has changed.
    pub fn publish_version(
        &self,
        name: &str,
        description: Option<String>,
    ) -> Result<Arc<FunctionVersion>, ServiceError> {
        let published = {
            let mut functions = self.registry.write();
            let function = functions
                .get_mut(name)
                .ok_or_else(|| self.function_not_found(&FunctionName { name: name.into(), qualifier: None }))?;
            let latest = &function.latest;
            if let Some((_, last)) = function.published.last_key_value()
                && last.code_sha256 == latest.code_sha256
                && last.last_modified == latest.last_modified
            {
                return Ok(Arc::clone(last));
            }
            let number = function.published.last_key_value().map_or(1, |(number, _)| number + 1);
            let mut settings = latest.settings.clone();
            if let Some(description) = description {
                settings.description = description;
            }
            let version = number.to_string();
            let (code, code_sha256) = match &latest.code {
                Code::Process(processes) => {
                    let config = ProcessConfig { function_version: version.clone(), ..processes.config().clone() };
                    (Code::Process(Processes::new(config)), latest.code_sha256.clone())
                }
                other => (other.clone(), latest.code_sha256.clone()),
            };
            let published = Arc::new(FunctionVersion {
                name: name.to_owned(),
                version,
                settings,
                code,
                code_sha256,
                code_size: latest.code_size,
                last_modified: latest.last_modified.clone(),
                revision_id: Uuid::new_v4().to_string(),
            });
            function.published.insert(number, Arc::clone(&published));
            published
        };
        self.keep(name)?;
        Ok(published)
    }

    /// CreateAlias and UpdateAlias; `is_new` tells them apart.
    pub fn put_alias(&self, name: &str, alias: &str, version: &str, is_new: bool) -> Result<(), ServiceError> {
        {
            let mut functions = self.registry.write();
            let not_found = |qualifier: Option<&str>| {
                let qualifier = qualifier.map(str::to_owned);
                self.function_not_found(&FunctionName { name: name.into(), qualifier })
            };
            let function = functions.get_mut(name).ok_or_else(|| not_found(None))?;
            if is_new == function.aliases.contains_key(alias) {
                return Err(match is_new {
                    true => ServiceError::Conflict(format!("Alias already exists: {alias}")),
                    false => not_found(Some(alias)),
                });
            }
            let is_word = alias.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            if !is_word || alias.is_empty() || alias.bytes().all(|b| b.is_ascii_digit()) {
                return Err(ServiceError::InvalidParameter(format!(
                    "an alias is 1 to 128 characters of [a-zA-Z0-9-_] and no number, got {alias:?}"
                )));
            }
            if function.version(Some(version)).is_none() {
                return Err(not_found(Some(version)));
            }
            function.aliases.insert(alias.to_owned(), version.to_owned());
        }
        self.keep(name)
    }

    /// DeleteFunction. Executions that are open go on.
    pub fn delete_function(&self, function: &FunctionName) -> Result<(), ServiceError> {
        let removed = self.registry.write().remove(&function.name);
        if removed.is_none() {
            return Err(self.function_not_found(function));
        }
        match std::fs::remove_file(self.code_dir.record(&function.name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(ServiceError::Service(format!("the function is not forgotten for good: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Returns the zip that a version was made of, if it was made of one.
    pub fn zip_path(&self, version: &FunctionVersion) -> Option<PathBuf> {
        let digest = BASE64.decode(&version.code_sha256).ok()?;
        Some(self.code_dir.zip(&hex(&digest))).filter(|path| path.is_file())
    }

    /// Ends every process of every function.
    pub(super) async fn shutdown_functions(&self) {
        let functions: Vec<Function> = self.registry.read().values().cloned().collect();
        let versions = functions.iter().flat_map(|function| function.published.values().chain([&function.latest]));
        let mut shutdowns = JoinSet::new();
        for version in versions {
            if let Code::Process(processes) = &version.code {
                let processes = processes.clone();
                shutdowns.spawn(async move { processes.shutdown().await });
            }
        }
        shutdowns.join_all().await;
    }

    fn latest(&self, function: &FunctionName) -> Result<Arc<FunctionVersion>, ServiceError> {
        self.registry
            .find(&FunctionName { name: function.name.clone(), qualifier: None })
            .ok_or_else(|| self.function_not_found(function))
    }

    fn make_version(
        &self,
        name: &str,
        version: &str,
        settings: FunctionSettings,
        source: &CodeSource,
    ) -> Result<FunctionVersion, ServiceError> {
        let invalid = |problem: String| ServiceError::InvalidParameter(format!("the function {name}: {problem}"));
        let (code, sha256, code_size) = match source {
            CodeSource::Component(path) => {
                let artifact = self.sandbox.load(path).map_err(|error| invalid(error.to_string()))?;
                let digest = BASE64.encode(from_hex(artifact.sha256()));
                let size = artifact.size() as u64;
                (Code::Component(artifact), digest, size)
            }
            CodeSource::Zip(zip) => {
                let directory = self
                    .code_dir
                    .unpack(zip)
                    .map_err(|problem| invalid(format!("Could not unzip uploaded file: {problem}")))?;
                let code = self.launch(name, version, &settings, &directory).map_err(invalid)?;
                (code, BASE64.encode(Sha256::digest(zip)), zip.len() as u64)
            }
            CodeSource::Directory(directory) => {
                let code = self.launch(name, version, &settings, directory).map_err(invalid)?;
                (code, BASE64.encode(Sha256::digest(directory.display().to_string())), 0)
            }
            CodeSource::Command { command, directory } => {
                let code = self.processes(name, version, &settings, command.clone(), directory, &[]);
                (code, BASE64.encode(Sha256::digest(command.join(" "))), 0)
            }
            CodeSource::Endpoint(endpoint) => {
                let remote = Remote::new(endpoint, name, settings.timeout()).map_err(invalid)?;
                (Code::Remote(Box::new(remote)), BASE64.encode(Sha256::digest(endpoint)), 0)
            }
        };
        Ok(FunctionVersion {
            name: name.to_owned(),
            version: version.to_owned(),
            settings,
            code,
            code_sha256: sha256,
            code_size,
            last_modified: self.now().to_string(),
            revision_id: Uuid::new_v4().to_string(),
        })
    }

    /// Returns the code of a version under other settings, and its digest.
    fn same_code(
        &self,
        version: &FunctionVersion,
        settings: &FunctionSettings,
    ) -> Result<(Code, String), ServiceError> {
        let code = match &version.code {
            Code::Process(processes) => {
                let old = processes.config();
                let (name, number, directory) = (&version.name, &version.version, &old.working_dir);
                // The handler or the runtime may have changed with the settings.
                if is_launched(old, &version.settings) {
                    self.launch(name, number, settings, directory).map_err(ServiceError::InvalidParameter)?
                } else {
                    self.processes(name, number, settings, old.command.clone(), directory, &[])
                }
            }
            other => other.clone(),
        };
        Ok((code, version.code_sha256.clone()))
    }

    fn launch(&self, name: &str, version: &str, settings: &FunctionSettings, directory: &Path) -> Result<Code, String> {
        let directory = directory.canonicalize().map_err(|error| format!("{}: {error}", directory.display()))?;
        let launch = commands::launch(settings.runtime.as_deref(), settings.handler.as_deref(), &directory)
            .map_err(|error| error.to_string())?;
        Ok(self.processes(name, version, settings, launch.command, &directory, &launch.environment))
    }

    fn processes(
        &self,
        name: &str,
        version: &str,
        settings: &FunctionSettings,
        command: Vec<String>,
        directory: &Path,
        environment: &[(String, String)],
    ) -> Code {
        let account = &self.options.account;
        let mut variables: BTreeMap<String, String> = environment.iter().cloned().collect();
        variables.extend(self.options.function_environment.iter().cloned());
        variables.extend(settings.environment.clone());
        Code::Process(Processes::new(ProcessConfig {
            environment: variables.into_iter().collect(),
            function_version: version.to_owned(),
            function_arn: account.function_arn(name),
            handler: settings.handler.clone(),
            runtime: settings.runtime.clone(),
            region: account.region.clone(),
            timeout: settings.timeout(),
            memory_mb: u32::try_from(settings.memory_mb).unwrap_or(u32::MAX),
            max_concurrency: self.options.limits.processes_per_function,
            log: self.process_log(name),
            ..ProcessConfig::new(name, command, directory)
        }))
    }

    /// Returns what takes a function's lines to the log: JSON objects as they are, the rest as text.
    fn process_log(&self, name: &str) -> crate::process::LogSink {
        let (log, name, clock) = (self.function_log(), name.to_owned(), self.clock.clone());
        Arc::new(move |line: ProcessLine| log(&LogRecord::of_line(&name, &line, clock.now())))
    }

    /// Keeps a function that was made through the API.
    fn keep(&self, name: &str) -> Result<(), ServiceError> {
        if self.options.state_dir.is_none() {
            return Ok(());
        }
        let _keeping = self.code_dir.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        let function = self.registry.read().get(name).cloned();
        let Some(function) = function else { return Ok(()) };
        let kept = |version: &Arc<FunctionVersion>| {
            self.zip_path(version).map(|path| Kept {
                version: version.version.clone(),
                settings: version.settings.clone(),
                zip: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                last_modified: version.last_modified.clone(),
                revision_id: version.revision_id.clone(),
            })
        };
        // A function that was given when the server started is given again.
        let Some(latest) = kept(&function.latest) else { return Ok(()) };
        let record = KeptFunction {
            latest,
            published: function.published.values().filter_map(kept).collect(),
            aliases: function.aliases,
        };
        let path = self.code_dir.record(name);
        let partial = path.with_extension("json.partial");
        serde_json::to_vec_pretty(&record)
            .map_err(std::io::Error::from)
            .and_then(|text| std::fs::write(&partial, text))
            .and_then(|()| std::fs::rename(&partial, &path))
            .map_err(|error| ServiceError::Service(format!("the function {name} could not be kept: {error}")))
    }

    /// Takes up the functions that were made through the API.
    pub(super) fn load_functions(&self) -> Result<(), ServerError> {
        let directory = &self.code_dir.path;
        let entries =
            std::fs::read_dir(directory).map_err(|source| ServerError::Io { path: directory.clone(), source })?;
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let fail =
                |problem: String| ServerError::Function { name: name.clone(), directory: directory.clone(), problem };
            let text = std::fs::read(&path).map_err(|error| fail(error.to_string()))?;
            let kept: KeptFunction = serde_json::from_slice(&text).map_err(|error| fail(error.to_string()))?;
            let function = self.load_function(&name, kept).map_err(|error| fail(error.to_string()))?;
            self.registry.write().insert(name, function);
        }
        Ok(())
    }

    fn load_function(&self, name: &str, kept: KeptFunction) -> Result<Function, ServiceError> {
        let load = |kept: Kept| {
            let zip = std::fs::read(self.code_dir.zip(&kept.zip))
                .map_err(|error| ServiceError::Service(format!("its code {}: {error}", kept.zip)))?;
            let version = self.make_version(name, &kept.version, kept.settings, &CodeSource::Zip(zip))?;
            Ok(Arc::new(FunctionVersion {
                last_modified: kept.last_modified,
                revision_id: kept.revision_id,
                ..version
            }))
        };
        let latest = load(kept.latest)?;
        let published = kept.published.into_iter().map(load).collect::<Result<Vec<_>, ServiceError>>()?;
        let published = published.into_iter().filter_map(|version| Some((version.version.parse().ok()?, version)));
        Ok(Function { latest, published: published.collect(), aliases: kept.aliases })
    }
}

/// Whether the command of a function is what its directory and its settings say, not one that was named.
fn is_launched(config: &ProcessConfig, settings: &FunctionSettings) -> bool {
    commands::launch(settings.runtime.as_deref(), settings.handler.as_deref(), &config.working_dir)
        .is_ok_and(|launch| launch.command == config.command)
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
