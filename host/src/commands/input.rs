//! The input of an execution: JSON from the command line, a file or stdin.

use std::io::Read;
use std::path::Path;

use durabox::render::text::{clean, thousands};
use durabox_runtime::model::MAX_INPUT_SIZE;

use crate::cli_error::CliError;

/// Longest piece of a line shown beside an error, characters to each side.
const CONTEXT: usize = 40;

/// Returns the JSON text that `argument` stands for: itself, `@file`, or `-` for stdin.
pub fn read(argument: &str) -> Result<String, CliError> {
    let (origin, bytes) = match argument.strip_prefix('@') {
        Some(path) => (path, from_file(Path::new(path))?),
        None if argument == "-" => ("stdin", from_stdin()?),
        None => ("--input", argument.as_bytes().to_vec()),
    };
    too_large(origin, bytes.len() as u64)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        CliError::usage(format!("input is not UTF-8 from byte {at} on, JSON text must be ({origin})"))
    })?;
    check(origin, &text)?;
    Ok(text)
}

fn from_file(path: &Path) -> Result<Vec<u8>, CliError> {
    let refuse = |error: &std::io::Error| {
        let message = format!("input file {} cannot be read: {error}", path.display());
        CliError::usage(message).hint("a path after `@` is relative to the current directory")
    };
    let size = std::fs::metadata(path).map_err(|error| refuse(&error))?.len();
    too_large(&path.display().to_string(), size)?;
    std::fs::read(path).map_err(|error| refuse(&error))
}

fn from_stdin() -> Result<Vec<u8>, CliError> {
    let refuse = |error: std::io::Error| CliError::usage(format!("input cannot be read from stdin: {error}"));
    let mut stdin = std::io::stdin().lock();
    let mut bytes = Vec::new();
    stdin.by_ref().take(MAX_INPUT_SIZE as u64 + 1).read_to_end(&mut bytes).map_err(refuse)?;
    if bytes.len() > MAX_INPUT_SIZE {
        // The rest is only counted.
        let rest = std::io::copy(&mut stdin, &mut std::io::sink()).map_err(refuse)?;
        too_large("stdin", bytes.len() as u64 + rest)?;
    }
    Ok(bytes)
}

fn too_large(origin: &str, size: u64) -> Result<(), CliError> {
    let limit = MAX_INPUT_SIZE as u64;
    if size <= limit {
        return Ok(());
    }
    let message = format!(
        "input is larger than Lambda takes\n  input       {} bytes ({origin})\n  limit       {} bytes (6 MiB)",
        thousands(size),
        thousands(limit)
    );
    Err(CliError::usage(message).hint("put the data where the handler can read it, and pass its address"))
}

/// Checks the syntax, and shows the place where it ends.
fn check(origin: &str, text: &str) -> Result<(), CliError> {
    let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) else { return Ok(()) };
    let what = error.to_string();
    let what = what.split(" at line ").next().unwrap_or(&what);
    let mut message = format!("input is not JSON: {what}, line {} column {} ({origin})", error.line(), error.column());
    if let Some(line) = text.lines().nth(error.line().saturating_sub(1)) {
        // serde_json counts columns in bytes, from 1.
        let at = line.char_indices().filter(|(index, _)| index + 1 < error.column()).count();
        let from = at.saturating_sub(CONTEXT);
        let shown: String = line.chars().skip(from).take(2 * CONTEXT).collect();
        let number = error.line();
        let caret = " ".repeat(number.to_string().len() + 3 + at - from);
        message.push_str(&format!("\n  {number} | {}\n  {caret}^", clean(&shown).replace('\t', " ")));
    }
    let refused = CliError::usage(message);
    Err(match origin {
        "--input" if !text.contains('"') => {
            refused.hint("a shell takes double quotes away: --input '{\"id\": 42}', or --input @file.json")
        }
        "--input" if Path::new(text).is_file() => refused.hint(format!("to read the file: --input @{text}")),
        _ => refused,
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn malformed_json_is_shown_at_its_place() {
        let error = read(r#"{"name": Ada}"#).expect_err("not JSON").to_string();
        assert_eq!(
            error,
            "error: input is not JSON: expected value, line 1 column 10 (--input)\n  \
             1 | {\"name\": Ada}\n               ^"
        );
    }

    #[test]
    fn an_unquoted_argument_gets_a_hint() {
        assert!(read("{id: 42}").expect_err("not JSON").to_string().contains("hint: a shell takes double quotes away"));
    }

    #[test]
    fn one_byte_too_many_is_refused_with_both_numbers() {
        let text = format!("\"{}\"", "x".repeat(6 * 1024 * 1024 - 1));
        let error = read(&text).expect_err("too large").to_string();
        assert!(error.contains("6,291,457 bytes") && error.contains("6,291,456 bytes (6 MiB)"), "{error}");
        assert!(read(&text[1..]).is_err_and(|error| error.to_string().contains("not JSON")));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read("@no/such/file.json").expect_err("missing").to_string();
        assert!(error.starts_with("error: input file no/such/file.json cannot be read"), "{error}");
    }
}
