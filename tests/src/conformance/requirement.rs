//! One requirement of the suite: what to send to a handler, and what to expect of its execution.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use regex::Regex;
use serde_json::Value;

use super::{Variables, python};

/// A requirement, its variables drawn and put into what is sent; what is expected keeps its patterns.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// The name of the file, such as `4-12`.
    pub id: String,
    /// One line on what is required.
    pub description: String,
    /// Whether the suite forgives a failure.
    pub optional: bool,
    /// Whether the execution is started and then watched, instead of waited for.
    pub async_invoke: bool,
    /// The payload of the invocation.
    pub input: Value,
    /// How the execution ends. Without it the history alone is judged, and nobody waits for the end.
    pub expected_result: Option<ExpectedResult>,
    /// The pinned events, in the order of the file.
    pub expected_history: Vec<Value>,
    /// The entries on log lines, as the file has them.
    pub expected_logs: Vec<Value>,
    /// What the outside world does with the callbacks, in order, each once.
    pub callback_actions: Vec<CallbackAction>,
    /// The variables that the file declares.
    pub variables: Variables,
}

/// The expected end of an execution.
#[derive(Clone, Debug)]
pub struct ExpectedResult {
    /// Lambda's name of the status, such as `SUCCEEDED`.
    pub status: Option<String>,
    /// The result, compared only when the execution succeeds; `Some(Value::Null)` expects null.
    pub result: Option<Value>,
}

/// What the outside world does to one callback.
#[derive(Clone, Debug)]
pub struct CallbackAction {
    /// The callback's name, `*` or `${/pattern/}`.
    pub callback_name: String,
    /// What is sent.
    pub operation: CallbackOperation,
    /// How long the callback is open before it is sent.
    pub delay: Duration,
}

/// What is sent to a callback.
#[derive(Clone, Debug, PartialEq)]
pub enum CallbackOperation {
    /// The result, as the JSON text that the suite's Python writes.
    Success(Option<String>),
    /// The error object: `ErrorType`, `ErrorMessage`, `ErrorData`, `StackTrace`; each may be missing.
    Failure(Option<Value>),
    /// A sign of life: the callback stays open and takes the next action too.
    Heartbeat,
}

impl Requirement {
    /// Reads requirement `id` from the suite's folder `dir`; the same `seed` draws the same variables.
    pub fn load(dir: &Path, id: &str, seed: u64) -> Result<Self, String> {
        let file = files(dir)?.into_iter().find(|file| file.file_stem().is_some_and(|stem| stem == id));
        let file = file.ok_or_else(|| format!("requirement {id} is not in {}", dir.display()))?;
        let text = fs::read_to_string(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        Self::parse(id, &text, seed).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Reads a requirement from the text of its file.
    pub fn parse(id: &str, yaml: &str, seed: u64) -> Result<Self, String> {
        // By default a bare `y` is a boolean; for PyYAML, which the files are written for, it is a string.
        let options = serde_saphyr::options! { strict_booleans: true };
        let file: Value = serde_saphyr::from_str_with_options(yaml, options).map_err(|error| error.to_string())?;
        let variables = Variables::generate(&file["Variables"], seed);
        let expected_history = list(&file, "ExpectedExecutionHistory")?;
        if expected_history.is_empty() {
            return Err("expected ExpectedExecutionHistory to have events, got none".to_owned());
        }
        Ok(Self {
            id: id.to_owned(),
            description: python::text(&file["description"]),
            optional: file["optional"] == true,
            async_invoke: file["AsyncInvoke"] == true,
            input: variables.substitute(&file["Input"]),
            expected_result: file["ExpectedResult"].as_object().map(|expected| ExpectedResult {
                status: expected.get("ExecutionStatus").map(python::text),
                result: expected.get("Result").cloned(),
            }),
            expected_history,
            expected_logs: list(&file, "ExpectedLogs")?,
            callback_actions: list(&file, "CallbackActions")?
                .iter()
                .map(|action| CallbackAction::parse(&variables.substitute(action)))
                .collect::<Result<_, _>>()?,
            variables,
        })
    }
}

impl CallbackAction {
    /// Tells whether this action is for a callback of this name; a callback without a name has `""`.
    pub fn is_for(&self, name: &str) -> bool {
        match search_pattern(&self.callback_name) {
            Some(pattern) => Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(name)),
            None => self.callback_name == "*" || self.callback_name == name,
        }
    }

    fn parse(action: &Value) -> Result<Self, String> {
        let payload = action.get("Payload").filter(|payload| !payload.is_null());
        let operation = match action["Operation"].as_str().map(str::to_lowercase).as_deref() {
            Some("success") => CallbackOperation::Success(payload.map(python::json)),
            Some("failure") => CallbackOperation::Failure(payload.cloned()),
            Some("heartbeat") => CallbackOperation::Heartbeat,
            _ => return Err(format!("expected Operation success, failure or heartbeat, got {}", action["Operation"])),
        };
        let name = action["CallbackName"].as_str().ok_or_else(|| format!("expected a CallbackName, got {action}"))?;
        let delay = action.get("Delay").map_or(Some(0.0), Value::as_f64);
        let delay = delay.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let delay = delay.ok_or_else(|| format!("expected Delay in seconds, got {}", action["Delay"]))?;
        Ok(Self { callback_name: name.to_owned(), operation, delay })
    }
}

/// Returns the id of every requirement in the suite's folder `dir`, in the order of the numbers in it.
pub fn ids(dir: &Path) -> Result<Vec<String>, String> {
    let files = files(dir)?;
    let mut ids: Vec<_> = files.iter().filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect();
    ids.sort_by_cached_key(|id| (id.split('-').map(|part| part.parse::<u32>().ok()).collect::<Vec<_>>(), id.clone()));
    Ok(ids)
}

/// Returns the pattern of `${/pattern/}`.
pub(super) fn search_pattern(text: &str) -> Option<&str> {
    text.strip_prefix("${/")?.strip_suffix("/}").filter(|pattern| !pattern.is_empty())
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let read = |folder: &Path| -> Result<Vec<PathBuf>, String> {
        let entries = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        entries.map_err(|error| format!("cannot list {}: {error}", folder.display()))
    };
    let mut files = Vec::new();
    for suite in read(dir)?.into_iter().filter(|path| path.is_dir()) {
        files.extend(read(&suite)?.into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "yaml")));
    }
    Ok(files)
}

fn list(file: &Value, field: &str) -> Result<Vec<Value>, String> {
    match &file[field] {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => Ok(items.clone()),
        other => Err(format!("expected {field} to be a list, got {other}")),
    }
}
