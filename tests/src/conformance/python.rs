//! How Python compares and prints JSON values, which the suite's verdicts rest on.

use std::fmt::Write;

use serde_json::{Number, Value};

/// Compares like `==`: numbers by value, booleans as 0 and 1.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(key, field)| right.get(key).is_some_and(|other| equal(field, other));
            left.len() == right.len() && left.iter().all(same)
        }
        _ => left == right || number(left).is_some_and(|left| number(right) == Some(left)),
    }
}

/// Prints like `str()`: a string bare, everything else as Python writes it in code.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => repr(other),
    }
}

/// Prints like `json.dumps()`: JSON with a space after `,` and `:`, and ASCII only.
pub(super) fn json(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", join(items.iter().map(json))),
        Value::Object(fields) => {
            let field = |(key, field): (&String, &Value)| format!("{}: {}", json_string(key), json(field));
            format!("{{{}}}", join(fields.iter().map(field)))
        }
        Value::String(text) => json_string(text),
        other => other.to_string(),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(boolean) => Some(f64::from(u8::from(*boolean))),
        Value::Number(number) => number.as_f64(),
        _ => None,
    }
}

fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => repr_number(number),
        Value::String(text) => repr_string(text),
        Value::Array(items) => format!("[{}]", join(items.iter().map(repr))),
        Value::Object(fields) => {
            let field = |(key, field): (&String, &Value)| format!("{}: {}", repr_string(key), repr(field));
            format!("{{{}}}", join(fields.iter().map(field)))
        }
    }
}

/// Writes a float's exponent with a sign and two digits, as Python does.
fn repr_number(number: &Number) -> String {
    let text = number.to_string();
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let (sign, digits) =
        exponent.strip_prefix('-').map_or(('+', exponent.trim_start_matches('+')), |digits| ('-', digits));
    format!("{}e{sign}{digits:0>2}", mantissa.trim_end_matches(".0"))
}

fn repr_string(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(quote);
    for character in text.chars() {
        match character {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\\' => quoted.push_str("\\\\"),
            _ if character == quote => quoted.extend(['\\', quote]),
            _ => quoted.push(character),
        }
    }
    quoted.push(quote);
    quoted
}

fn json_string(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    let mut ascii = String::with_capacity(quoted.len());
    for character in quoted.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(ascii, "\\u{unit:04x}").expect("a String takes every write");
            }
        }
    }
    ascii
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
