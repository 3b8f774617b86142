//! Where the server's log goes: a line to a record on stderr, JSON in a file.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use durabox_server::{LogRecord, LogSink};

use super::Args;
use crate::cli_error::CliError;

/// How the log reads on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One line to a record, for people
    Text,
    /// One JSON object to a record
    Json,
    /// Nothing
    None,
}

/// Opens the file, and returns what writes to both.
pub fn sink(args: &Args) -> Result<LogSink, CliError> {
    let file = match &args.log_file {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            Some(Mutex::new(file.map_err(|error| CliError::io("opening", path, &error))?))
        }
        None => None,
    };
    let (format, verbose) = (args.log_format, args.verbose);
    Ok(Arc::new(move |record: &LogRecord| {
        if record.level == "DEBUG" && !record.fields.contains_key("executionArn") && !verbose {
            return;
        }
        let json = || serde_json::to_string(record).unwrap_or_else(|error| format!("{{\"message\":\"{error}\"}}"));
        if let Some(file) = &file {
            // A full disk must not stop executions.
            let _ = writeln!(file.lock().unwrap_or_else(PoisonError::into_inner), "{}", json());
        }
        match format {
            Format::None => {}
            Format::Json => eprintln!("{}", json()),
            Format::Text => eprintln!("{}", text(record)),
        }
    }))
}

/// Writes time, level, function, message, and the execution's name.
fn text(record: &LogRecord) -> String {
    let time = record.timestamp.get(11..23).unwrap_or(&record.timestamp);
    let function = record.function_name.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
    let arn = record.fields.get("executionArn").and_then(|arn| arn.as_str());
    let execution = arn.and_then(|arn| arn.rsplit('/').nth(1)).map(|name| format!("  [{name}]")).unwrap_or_default();
    format!("{time} {:5} {function}{}{execution}", record.level, record.message)
}
