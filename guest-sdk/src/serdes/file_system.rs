//! Payloads in files: the record has where they are, in the envelope of the official SDK.
//!
//! A file is named by the SHA-256 of what is in it. So it never changes once it is written, writing
//! it again changes nothing, and a replay that reads something else is told so.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::path::{Component, Path};
use std::{fs, io};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{PayloadOrigin, Serdes, SerdesContext};
use crate::BoxError;

/// Of the envelope.
const VERSION: u64 = 1;

/// Least bytes that go to a file in [`FileSystemSerdesMode::Overflow`]: 1 KiB below the 256 KiB up to
/// which the official SDKs record a payload in one piece.
const OVERFLOW_THRESHOLD: usize = 255 * 1024;

/// When a payload goes to a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileSystemSerdesMode {
    /// Always.
    #[default]
    Always,
    /// When it is larger than the threshold.
    Overflow,
}

/// How ARN and operation id become names of directories and files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileSystemPathEncoding {
    /// For people: function, execution and its id, percent-encoded.
    #[default]
    Uri,
    /// Their SHA-256.
    Hash,
}

/// How a [`FileSystemSerdes`] works.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileSystemSerdesConfig {
    /// When a payload goes to a file; always, by default.
    pub storage_mode: FileSystemSerdesMode,
    /// How files are named; for people, by default.
    pub path_encoding: FileSystemPathEncoding,
    /// Bytes above which [`FileSystemSerdesMode::Overflow`] takes a file; 255 KiB by default.
    pub overflow_threshold_bytes: usize,
}

impl Default for FileSystemSerdesConfig {
    fn default() -> Self {
        Self {
            storage_mode: FileSystemSerdesMode::default(),
            path_encoding: FileSystemPathEncoding::default(),
            overflow_threshold_bytes: OVERFLOW_THRESHOLD,
        }
    }
}

impl FileSystemSerdesConfig {
    /// Returns a builder that holds the defaults.
    pub fn builder() -> FileSystemSerdesConfigBuilder {
        FileSystemSerdesConfigBuilder::default()
    }
}

/// Builds a [`FileSystemSerdesConfig`].
#[derive(Clone, Debug, Default)]
#[must_use]
#[non_exhaustive]
pub struct FileSystemSerdesConfigBuilder(FileSystemSerdesConfig);

impl FileSystemSerdesConfigBuilder {
    /// Sets when a payload goes to a file.
    pub fn storage_mode(mut self, mode: FileSystemSerdesMode) -> Self {
        self.0.storage_mode = mode;
        self
    }

    /// Sets how files are named.
    pub fn path_encoding(mut self, encoding: FileSystemPathEncoding) -> Self {
        self.0.path_encoding = encoding;
        self
    }

    /// Sets above how many bytes [`FileSystemSerdesMode::Overflow`] takes a file.
    pub fn overflow_threshold_bytes(mut self, bytes: usize) -> Self {
        self.0.overflow_threshold_bytes = bytes;
        self
    }

    /// Returns the configuration.
    pub fn build(self) -> FileSystemSerdesConfig {
        self.0
    }
}

/// Keeps payloads, as JSON, in files of a directory that all invocations share and that the run
/// grants (`--dir`). The record has an envelope that names the file.
///
/// ```no_run
/// # use durabox_sdk::serdes::FileSystemSerdes;
/// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
/// let files = FileSystemSerdes::new("/mnt/payloads");
/// let report: String = ctx.step(|_| async { Ok("long".repeat(500_000)) }).serdes(files).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileSystemSerdes {
    base_path: String,
    config: FileSystemSerdesConfig,
}

impl FileSystemSerdes {
    /// Keeps every payload in a file under `base_path`.
    pub fn new(base_path: impl Into<String>) -> Self {
        Self::with_config(base_path, FileSystemSerdesConfig::default())
    }

    /// Keeps payloads under `base_path`, as `config` says.
    pub fn with_config(base_path: impl Into<String>, config: FileSystemSerdesConfig) -> Self {
        Self { base_path: base_path.into(), config }
    }

    fn write(&self, json: &str, ctx: &SerdesContext) -> Result<String, FileSystemSerdesError> {
        let directory = self.directory(ctx.durable_execution_arn());
        let name = format!("{}-{}.json", self.segment(ctx.operation_id()), sha256(json));
        let relative = format!("{directory}/{name}");
        let path = format!("{}/{relative}", self.base_path);
        if Path::new(&path).exists() {
            return Ok(relative);
        }
        // Seen whole or not at all, whatever ends this invocation.
        let half = format!("{path}.tmp");
        fs::create_dir_all(format!("{}/{directory}", self.base_path))
            .and_then(|()| fs::write(&half, json))
            .and_then(|()| fs::rename(&half, &path))
            .map_err(|error| FileSystemSerdesError::of_file("write", &path, error))?;
        Ok(relative)
    }

    fn read<T: DeserializeOwned>(&self, relative: &str) -> Result<T, FileSystemSerdesError> {
        let inside = Path::new(relative).components().all(|part| matches!(part, Component::Normal(_)));
        if !inside {
            let base = &self.base_path;
            return Err(FileSystemSerdesError::new(format!("the file {relative:?} is not inside {base:?}")));
        }
        let path = format!("{}/{relative}", self.base_path);
        let json = fs::read_to_string(&path).map_err(|error| FileSystemSerdesError::of_file("read", &path, error))?;
        let found = sha256(&json);
        if let Some(written) = digest_in_name(relative).filter(|written| *written != found) {
            let problem = format!("the file {path:?} has changed: SHA-256 of what was written {written}, now {found}");
            return Err(FileSystemSerdesError::new(problem));
        }
        serde_json::from_str(&json).map_err(|error| FileSystemSerdesError::of_file("parse", &path, error))
    }

    /// Returns the directory of an execution: function, execution and its id, if the ARN has them.
    fn directory(&self, arn: &str) -> String {
        match self.config.path_encoding {
            FileSystemPathEncoding::Hash => sha256(arn),
            FileSystemPathEncoding::Uri => parts(arn)
                .map(|parts| parts.map(|part| self.segment(part)).join("/"))
                .unwrap_or_else(|| self.segment(arn)),
        }
    }

    fn segment(&self, text: &str) -> String {
        match self.config.path_encoding {
            FileSystemPathEncoding::Hash => sha256(text),
            FileSystemPathEncoding::Uri => percent_encoded(text),
        }
    }
}

impl<T: Serialize + DeserializeOwned> Serdes<T> for FileSystemSerdes {
    async fn serialize(&self, value: T, ctx: SerdesContext) -> Result<String, BoxError> {
        if self.config.storage_mode == FileSystemSerdesMode::Overflow {
            let inline = Envelope { marker: Some(Marker::of("inline")), value: Some(&value), file: None };
            let inline = serde_json::to_string(&inline)?;
            if inline.len() <= self.config.overflow_threshold_bytes {
                return Ok(inline);
            }
        }
        let file = self.write(&serde_json::to_string(&value)?, &ctx)?;
        let envelope = Envelope::<()> { marker: Some(Marker::of("file")), value: None, file: Some(file) };
        Ok(serde_json::to_string(&envelope)?)
    }

    async fn deserialize(&self, wire: String, ctx: SerdesContext) -> Result<T, BoxError> {
        // What comes from outside is the value itself: it can name no file.
        if ctx.origin() == PayloadOrigin::External {
            return Ok(serde_json::from_str(&wire)?);
        }
        let envelope: Envelope<T> = serde_json::from_str(&wire)
            .map_err(|error| FileSystemSerdesError { problem: "no envelope".into(), source: Some(error.into()) })?;
        let unknown = |what: String| FileSystemSerdesError::new(format!("the envelope has {what}"));
        let marker = envelope.marker.ok_or_else(|| unknown("no `__aws_durable_serdes`".into()))?;
        if marker.version != VERSION {
            return Err(unknown(format!("version {}, version {VERSION} is read", marker.version)).into());
        }
        match (marker.kind.as_str(), envelope.value, envelope.file) {
            ("inline", Some(value), _) => Ok(value),
            // A value that is null looks like none.
            ("inline", None, _) => Ok(serde_json::from_str("null")?),
            ("file", _, Some(file)) => Ok(self.read(&file)?),
            (kind, ..) => Err(unknown(format!("the kind {kind:?}, or names no file")).into()),
        }
    }
}

/// What is recorded in place of a payload.
#[derive(Deserialize, Serialize)]
struct Envelope<T> {
    #[serde(rename = "__aws_durable_serdes", skip_serializing_if = "Option::is_none")]
    marker: Option<Marker>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Marker {
    version: u64,
    kind: String,
}

impl Marker {
    fn of(kind: &str) -> Self {
        Self { version: VERSION, kind: kind.to_owned() }
    }
}

/// Why a payload could not be kept in a file, or read from it.
#[derive(Debug)]
#[non_exhaustive]
pub struct FileSystemSerdesError {
    problem: String,
    source: Option<BoxError>,
}

impl FileSystemSerdesError {
    /// Returns an error with this text.
    pub fn new(context: impl Into<String>) -> Self {
        Self { problem: context.into(), source: None }
    }

    fn of_file(deed: &str, path: &str, error: impl Into<BoxError>) -> Self {
        let source: BoxError = error.into();
        let hint = if source.is::<io::Error>() { "; is its directory granted (`--dir`)?" } else { "" };
        Self { problem: format!("could not {deed} the file {path:?}{hint}"), source: Some(source) }
    }
}

impl fmt::Display for FileSystemSerdesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSystemSerdes: {}", self.problem)
    }
}

impl Error for FileSystemSerdesError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// Returns function, execution name and execution id of a durable execution's ARN.
fn parts(arn: &str) -> Option<[&str; 3]> {
    let (function, execution) = arn.split_once("/durable-execution/")?;
    let (name, id) = execution.split_once('/')?;
    let function = function.rsplit(':').nth(1).filter(|function| !function.is_empty())?;
    Some([function, name, id])
}

/// Returns the digest that a file written here has in its name.
fn digest_in_name(path: &str) -> Option<&str> {
    let (_, digest) = path.strip_suffix(".json")?.rsplit_once('-')?;
    (digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(digest)
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    // Dots alone would name a directory.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
    let dots_are_plain = text.bytes().any(|byte| byte != b'.');
    for byte in text.bytes() {
        if is_plain(byte) || (byte == b'.' && dots_are_plain) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_those_of_the_official_sdk() {
        let arn = "arn:aws:lambda:eu-west-1:1:function:f:live/durable-execution/an exec/id";
        assert_eq!(FileSystemSerdes::new("/mnt").directory(arn), "f/an%20exec/id");
        assert_eq!(FileSystemSerdes::new("/mnt").directory("elsewhere/x"), "elsewhere%2Fx");
        assert_eq!(percent_encoded(".."), "%2E%2E");
    }

    #[test]
    fn a_digest_is_found_in_the_name_of_a_file_that_was_written_here_alone() {
        let digest = sha256("1");
        assert_eq!(digest_in_name(&format!("d/op-{digest}.json")), Some(&*digest));
        assert_eq!(digest_in_name("d/op-18c5-1-0.json"), None);
    }
}
