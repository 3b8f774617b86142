//! What the server and its functions have to say, line by line.

use std::sync::Arc;

use durabox_runtime::model::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::process::{ProcessLine, Stream};

/// Takes each record as it comes.
pub type LogSink = Arc<dyn Fn(&LogRecord) + Send + Sync>;

/// One line of the log. As JSON it has the names of the official SDKs' structured logs; the execution
/// stands under both of its names, `executionArn` and `durableExecutionArn`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogRecord {
    /// ISO 8601, on the execution's clock.
    pub timestamp: String,
    /// `DEBUG`, `INFO`, `WARN` or `ERROR`.
    pub level: &'static str,
    /// What happened.
    pub message: String,
    /// The function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_name: Option<String>,
    /// The rest, such as `executionArn`, `requestId`, `operationId`, `attempt`.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl LogRecord {
    /// Returns a record without fields.
    pub fn new(level: &'static str, message: impl Into<String>, now: Timestamp) -> Self {
        let (message, timestamp) = (message.into(), now.to_string());
        Self { timestamp, level, message, function_name: None, fields: Map::new() }
    }

    /// Names the function.
    #[must_use]
    pub fn of_function(mut self, name: &str) -> Self {
        self.function_name = Some(name.to_owned());
        self
    }

    /// Names the execution.
    #[must_use]
    pub fn of_execution(self, arn: &str) -> Self {
        self.with("executionArn", arn).with("durableExecutionArn", arn)
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }
}

impl LogRecord {
    /// Returns a line that a function's process wrote. A JSON object, as structured loggers write it,
    /// keeps its members; its `message` and `level` become the record's.
    pub fn of_line(function: &str, line: &ProcessLine, now: Timestamp) -> Self {
        let level = if line.stream == Stream::Stderr { "ERROR" } else { "INFO" };
        let members = match serde_json::from_str::<Value>(&line.text) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
        let mut record = Self::new(level, &line.text, now).of_function(function);
        for (name, value) in members {
            match (name.as_str(), value.as_str()) {
                ("message", Some(message)) => record.message = message.to_owned(),
                ("timestamp", Some(timestamp)) => record.timestamp = timestamp.to_owned(),
                ("level", Some(level)) => record.level = known_level(level),
                ("functionName", _) => {}
                _ => drop(record.fields.insert(name, value)),
            }
        }
        if let Some(request_id) = &line.request_id {
            record.fields.entry("requestId").or_insert_with(|| Value::String(request_id.to_string()));
        }
        record
    }
}

fn known_level(level: &str) -> &'static str {
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];
    let level = level.to_ascii_uppercase();
    levels.into_iter().find(|known| level.starts_with(known)).unwrap_or("INFO")
}
