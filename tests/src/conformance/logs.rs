//! The rules on log lines: how many lines match an entry, and on which side of other lines they are.

use regex::Regex;
use serde_json::{Map, Value, json};

use super::{Variables, python};

type Fields = Map<String, Value>;

/// Compares log lines, in the order they were written, with the entries of a requirement.
///
/// The suite orders lines by their milliseconds and lets equal ones pass either way; here the order is exact.
pub(super) fn judge(expected: &[Value], lines: &[Value], variables: &Variables) -> Vec<String> {
    let lines: Vec<Fields> = lines.iter().map(fields).collect();
    let judge_entry = |(index, entry)| {
        let errors = judge_entry(&variables.substitute(entry), &lines).unwrap_or_else(|error| vec![error]);
        errors.into_iter().map(move |error| format!("ExpectedLogs[{index}]: {error}"))
    };
    expected.iter().enumerate().flat_map(judge_entry).collect()
}

fn judge_entry(entry: &Value, lines: &[Fields]) -> Result<Vec<String>, String> {
    let matcher = entry["match"].as_object().filter(|matcher| !matcher.is_empty());
    let matcher = matcher.ok_or_else(|| format!("expected match to name fields, got {}", entry["match"]))?;
    let shown = Value::from(matcher.clone());
    let own = matching(matcher, lines)?;
    let mut errors: Vec<_> = judge_count(entry, own.len())?
        .into_iter()
        .map(|expected| format!("expected {expected} of {shown}, got {} of {} lines", own.len(), lines.len()))
        .collect();
    for side in ["after", "before"] {
        for anchor in anchors(&entry[side])? {
            let found = matching(anchor, lines)?;
            let anchor = Value::from(anchor.clone());
            let (Some(first), Some(last)) = (found.first(), found.last()) else {
                errors.push(format!("expected {shown} {side} {anchor}, got no line that matches {anchor}"));
                continue;
            };
            // Without own lines the order holds; that they are missing is the count's to say.
            let wrong = |line: &&usize| if side == "after" { *line < last } else { *line > first };
            if let Some(line) = own.iter().find(wrong) {
                errors
                    .push(format!("expected {shown} {side} {anchor} (lines {first} to {last}), got it in line {line}"));
            }
        }
    }
    Ok(errors)
}

/// Returns the counts that `actual` misses, in words.
fn judge_count(entry: &Value, actual: usize) -> Result<Vec<String>, String> {
    let bound = |field: &str| match &entry[field] {
        Value::Null => Ok(None),
        bound => bound.as_u64().map(Some).ok_or_else(|| format!("expected {field} to be a number, got {bound}")),
    };
    let (count, mut min, max) = (bound("count")?, bound("min_count")?, bound("max_count")?);
    let actual = actual as u64;
    if let Some(count) = count {
        return Ok(if actual == count { vec![] } else { vec![format!("exactly {count}")] });
    }
    if min.is_none() && max.is_none() {
        min = Some(1);
    }
    let too_few = min.filter(|min| actual < *min).map(|min| format!("at least {min}"));
    let too_many = max.filter(|max| actual > *max).map(|max| format!("at most {max}"));
    Ok(too_few.into_iter().chain(too_many).collect())
}

fn anchors(value: &Value) -> Result<Vec<&Fields>, String> {
    let invalid = || format!("expected before and after to be a matcher or a list of them, got {value}");
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Object(anchor) => Ok(vec![anchor]),
        Value::Array(anchors) => anchors.iter().map(|anchor| anchor.as_object().ok_or_else(invalid)).collect(),
        _ => Err(invalid()),
    }
}

/// Returns the numbers of the lines in which every field matches.
fn matching(matcher: &Fields, lines: &[Fields]) -> Result<Vec<usize>, String> {
    let mut numbers = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let mut all = true;
        for (field, expected) in matcher {
            all &= match line.get(field) {
                Some(actual) => matches(expected, actual)?,
                None => false,
            };
        }
        if all {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

fn matches(expected: &Value, actual: &Value) -> Result<bool, String> {
    if let Value::String(expected) = expected {
        let actual = python::text(actual);
        let actual = actual.trim();
        return match expected.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(pattern) => Ok(Regex::new(pattern).map_err(|error| error.to_string())?.is_match(actual)),
            None => Ok(actual == expected.trim()),
        };
    }
    Ok(match (expected, actual) {
        (Value::Bool(_), _) | (_, Value::Bool(_)) => expected == actual,
        (Value::Number(_), Value::Number(_)) => python::equal(expected, actual),
        _ => python::text(expected) == python::text(actual),
    })
}

/// Returns what a line can be asked for: its JSON fields, or a plain line as `message`.
fn fields(line: &Value) -> Fields {
    let parsed = match line {
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| line.clone()),
        other => other.clone(),
    };
    match parsed {
        Value::Object(fields) => fields,
        _ => Map::from_iter([("message".to_owned(), json!(python::text(line).trim()))]),
    }
}
