//! Files to which the tests of a run append, each a line of JSON at a time.

use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Appends a line. One that cannot be written is left out: it must not fail a test that has passed.
pub(super) fn append(path: &Path, value: &impl Serialize) {
    let Ok(mut line) = serde_json::to_vec(value) else { return };
    line.push(b'\n');
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path) {
        // In one write, as other tests append to the same file.
        drop(file.write_all(&line));
    }
}

/// Reads the lines, in the order in which they were appended; none if there is no file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> std::io::Result<Vec<T>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    text.lines()
        .map(|line| serde_json::from_str(line).map_err(|error| Error::new(ErrorKind::InvalidData, error)))
        .collect()
}
