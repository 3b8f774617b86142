//! The log: one JSON object to a line of stdout, which Lambda hands to CloudWatch.

use std::fmt;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use durabox_runtime::Clock;
use durabox_runtime::model::{ErrorObject, Timestamp};
use durabox_runtime::sandbox::{LogLevel, LogLine, Sink, Stream};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata};

/// Writes lines of one invocation; clones write lines of the same.
#[derive(Clone, Debug)]
pub(crate) struct Log(Arc<Origin>);

#[derive(Debug)]
struct Origin {
    execution_arn: String,
    request_id: String,
}

/// A line. The execution has two names in it, since readers of the official SDKs' logs ask for either.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    timestamp: String,
    level: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    durable_execution_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logger: Option<&'a str>,
    /// The author's own.
    #[serde(flatten)]
    fields: Map<String, Value>,
}

const MEMBERS: [&str; 11] = [
    "timestamp",
    "level",
    "message",
    "requestId",
    "executionArn",
    "durableExecutionArn",
    "operationId",
    "operationName",
    "attempt",
    "logger",
    "fields",
];

/// The invocation that is under way, or was last.
static CURRENT: Mutex<Option<Log>> = Mutex::new(None);

/// What our own lines are known by.
const OWN: &str = "durabox";

impl Log {
    pub(crate) fn new(execution_arn: &str, request_id: &str) -> Self {
        let origin = Origin { execution_arn: execution_arn.to_owned(), request_id: request_id.to_owned() };
        Self(Arc::new(origin))
    }

    /// Attributes to this invocation what libraries have to say from here on: there is one at a time.
    pub(crate) fn attribute(&self) {
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clone());
    }

    /// Returns what writes the handler's lines as they come.
    pub(crate) fn sink(&self) -> Sink {
        let log = self.clone();
        Arc::new(move |line: &LogLine| write(&log.line(line)))
    }

    /// Writes that something ended with an error.
    pub(crate) fn error(&self, what: &str, error: &ErrorObject) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let message = format!("{what}: {}: {}", text(&error.error_type), text(&error.error_message));
        let mut fields = Map::from_iter([("errorType".to_owned(), text(&error.error_type).into())]);
        if !error.stack_trace.is_empty() {
            fields.insert("stackTrace".to_owned(), error.stack_trace.clone().into());
        }
        write(&self.of_ours("ERROR", &message, fields));
    }

    fn of_ours<'a>(&'a self, level: &'a str, message: &'a str, fields: Map<String, Value>) -> Line<'a> {
        Line {
            request_id: Some(&self.0.request_id),
            execution_arn: Some(&self.0.execution_arn),
            durable_execution_arn: Some(&self.0.execution_arn),
            fields,
            ..Line::of_ours(level, message)
        }
    }

    fn line<'a>(&'a self, line: &'a LogLine) -> Line<'a> {
        Line {
            timestamp: line.timestamp.to_string(),
            level: level(line),
            operation_id: line.operation_id.as_deref(),
            operation_name: line.operation_name.as_deref(),
            attempt: line.attempt,
            logger: line.target.as_deref(),
            ..self.of_ours("", &line.message, fields(&line.fields))
        }
    }
}

impl<'a> Line<'a> {
    fn of_ours(level: &'a str, message: &'a str) -> Self {
        Self {
            timestamp: now().to_string(),
            level,
            message,
            request_id: None,
            execution_arn: None,
            durable_execution_arn: None,
            operation_id: None,
            operation_name: None,
            attempt: None,
            logger: Some(OWN),
            fields: Map::new(),
        }
    }
}

/// Writes a line of no invocation.
pub(crate) fn own(level: &str, message: &str) {
    write(&Line::of_ours(level, message));
}

fn now() -> Timestamp {
    Clock::real().now()
}

fn write(line: &Line<'_>) {
    let Ok(mut text) = serde_json::to_vec(line) else { return };
    text.push(b'\n');
    let mut stdout = std::io::stdout().lock();
    // A log that nobody takes is nothing to end an execution for.
    let _ = stdout.write_all(&text).and_then(|()| stdout.flush());
}

fn level(line: &LogLine) -> &'static str {
    match (line.level, line.stream) {
        (Some(LogLevel::Trace), _) => "TRACE",
        (Some(LogLevel::Debug), _) => "DEBUG",
        (Some(LogLevel::Warn), _) => "WARN",
        (Some(LogLevel::Error), _) | (None, Stream::Stderr) => "ERROR",
        (Some(LogLevel::Info), _) | (None, _) => "INFO",
    }
}

/// Returns the author's fields as members of a line. Those that are called as members of ours, and what has no
/// name, are put together under `fields`.
fn fields(fields: &Value) -> Map<String, Value> {
    let nested = |value: Value| Map::from_iter([("fields".to_owned(), value)]);
    match fields {
        Value::Null => Map::new(),
        Value::Object(fields) => {
            let (ours, mut own): (Map<_, _>, Map<_, _>) =
                fields.clone().into_iter().partition(|(name, _)| MEMBERS.contains(&name.as_str()));
            if !ours.is_empty() {
                own.extend(nested(Value::Object(ours)));
            }
            own
        }
        other => nested(other.clone()),
    }
}

/// Takes the warnings and errors of libraries to the log, in its form.
pub(crate) struct Libraries;

impl tracing::Subscriber for Libraries {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::WARN
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn event(&self, event: &Event<'_>) {
        let mut said = Said::default();
        event.record(&mut said);
        let current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (level, logger) = (event.metadata().level().as_str(), event.metadata().target());
        let line = match &current {
            Some(log) => log.of_ours(level, &said.message, said.fields),
            None => Line { fields: said.fields, ..Line::of_ours(level, &said.message) },
        };
        write(&Line { logger: Some(logger), ..line });
    }

    // Spans are not enabled.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What a library says.
#[derive(Default)]
struct Said {
    message: String,
    fields: Map<String, Value>,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            name => drop(self.fields.insert(name.to_owned(), text.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_the_names_that_the_official_sdks_write_and_its_own_fields() {
        let log = Log::new("arn:E", "request-1");
        let line = LogLine {
            timestamp: Timestamp::from_millis(1_767_225_600_123),
            stream: Stream::Log,
            level: Some(LogLevel::Info),
            target: Some("order".into()),
            message: "charged".into(),
            fields: json!({"amount": 3, "level": "not ours"}),
            operation_id: Some("id".into()),
            operation_name: Some("charge".into()),
            attempt: Some(2),
        };
        let expected = json!({
            "timestamp": "2026-01-01T00:00:00.123Z", "level": "INFO", "message": "charged", "requestId": "request-1",
            "executionArn": "arn:E", "durableExecutionArn": "arn:E", "operationId": "id", "operationName": "charge",
            "attempt": 2, "logger": "order", "amount": 3, "fields": {"level": "not ours"}
        });
        assert_eq!(serde_json::to_value(log.line(&line)).expect("JSON"), expected);
    }
}
