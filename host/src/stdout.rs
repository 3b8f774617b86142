//! Writes data to stdout; a reader that has seen enough is no error.

use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use crate::cli_error::CliError;

/// Writes lines.
pub fn lines<T: AsRef<str>>(lines: &[T]) -> Result<(), CliError> {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.as_ref());
        text.push('\n');
    }
    write(text.as_bytes())
}

/// Writes one JSON document, indented.
pub fn json(value: &Value) -> Result<(), CliError> {
    write(format!("{value:#}\n").as_bytes())
}

fn write(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::io("writing", Path::new("stdout"), &error))
        }
        _ => Ok(()),
    }
}
