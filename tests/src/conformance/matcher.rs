//! The verdict on an execution: by the rules of the suite ([`judge`]) and by what they let through ([`strict`]).

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::requirement::{ExpectedResult, Requirement, search_pattern};
use super::{Variables, logs, python};

/// What there is to see of an execution.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Lambda's name of the status, such as `SUCCEEDED`.
    pub status: String,
    /// The result as the text that Lambda returns: JSON.
    pub result: Option<String>,
    /// The history in Lambda's wire shape; `EventTimestamp` in seconds since the epoch.
    pub events: Vec<Value>,
    /// The log lines in the order they were written: JSON objects, or strings for lines that are not JSON.
    pub logs: Vec<Value>,
}

/// Judges an execution like the suite does: its history, then its end, then its logs. Empty: it passes.
///
/// Events are found by `EventId`, and events that the requirement does not pin are ignored.
pub fn judge(requirement: &Requirement, observed: &Observed) -> Vec<String> {
    let mut history = HistoryMatch { variables: requirement.variables.clone(), errors: Vec::new() };
    history.compare(&requirement.expected_history, &observed.events);
    let HistoryMatch { variables, mut errors } = history;
    if let Some(expected) = &requirement.expected_result {
        errors.extend(judge_result(expected, observed, &variables));
    }
    errors.extend(logs::judge(&requirement.expected_logs, &observed.logs, &variables));
    errors
}

/// Judges what the suite lets through: the shape of the whole history, and how many events it has. Empty: it passes.
///
/// A history that is pinned only at its start, or without an end, says nothing about how many events follow.
pub fn strict(requirement: &Requirement, observed: &Observed) -> Vec<String> {
    let mut errors = judge_order(&observed.events);
    errors.extend(judge_ends(observed));
    errors.extend(judge_count(requirement, observed));
    errors
}

/// What an expected value asks of the actual one.
enum Pattern<'a> {
    /// `{}` or `*`: that it is there.
    Anything,
    /// `${/pattern/}`: that its text contains a match.
    Search(&'a str),
    /// `${NAME}`: that it is the same wherever the name is. Anything in the braces is a name.
    Name(&'a str),
    /// That it is equal, field by field.
    Literal,
}

impl<'a> Pattern<'a> {
    fn of(expected: &'a Value) -> Self {
        match expected {
            Value::Object(fields) if fields.is_empty() => Self::Anything,
            Value::String(text) if text == "*" => Self::Anything,
            Value::String(text) => match search_pattern(text) {
                Some(pattern) => Self::Search(pattern),
                None => {
                    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                    name.filter(|name| !name.is_empty()).map_or(Self::Literal, Self::Name)
                }
            },
            _ => Self::Literal,
        }
    }
}

struct HistoryMatch {
    variables: Variables,
    errors: Vec<String>,
}

impl HistoryMatch {
    fn compare(&mut self, expected: &[Value], actual: &[Value]) {
        let by_id: BTreeMap<u64, &Value> = actual.iter().filter_map(|event| Some((event_id(event)?, event))).collect();
        for expected in expected {
            let Some(id) = event_id(expected) else {
                self.errors.push(format!("expected an EventId in every pinned event, got {expected}"));
                continue;
            };
            match by_id.get(&id) {
                Some(actual) => self.compare_value(expected, actual, &format!("event {id}")),
                None => self.errors.push(format!(
                    "event {id}: expected {}, got no event of this id among {}",
                    event_type(expected),
                    actual.len()
                )),
            }
        }
    }

    fn compare_value(&mut self, expected: &Value, actual: &Value, path: &str) {
        match Pattern::of(expected) {
            Pattern::Anything => {}
            Pattern::Search(pattern) => self.search(pattern, actual, path),
            Pattern::Name(name) => self.bind(name, actual, path),
            Pattern::Literal => self.compare_literal(expected, actual, path),
        }
    }

    fn compare_literal(&mut self, expected: &Value, actual: &Value, path: &str) {
        match (expected, actual) {
            (Value::Object(expected), Value::Object(actual)) => {
                for (key, expected) in expected {
                    match actual.get(key) {
                        Some(actual) => self.compare_value(expected, actual, &format!("{path}.{key}")),
                        None => self.errors.push(format!("{path}.{key}: expected {expected}, got no such key")),
                    }
                }
            }
            (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
                for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                    self.compare_value(expected, actual, &format!("{path}[{index}]"));
                }
            }
            (Value::Array(expected), Value::Array(actual)) => {
                self.errors.push(format!("{path}: expected {} items, got {}", expected.len(), actual.len()));
            }
            _ => {
                // Names inside a text are replaced; names inside a list or an object were met above.
                let expected = if expected.is_string() { &self.variables.substitute(expected) } else { expected };
                if !python::equal(expected, actual) {
                    self.errors.push(format!("{path}: expected {expected}, got {actual}"));
                }
            }
        }
    }

    fn search(&mut self, pattern: &str, actual: &Value, path: &str) {
        match Regex::new(pattern) {
            Ok(regex) if regex.is_match(&python::text(actual)) => {}
            Ok(_) => self.errors.push(format!("{path}: expected a match of /{pattern}/, got {actual}")),
            Err(error) => self.errors.push(format!("{path}: expected a pattern, got /{pattern}/: {error}")),
        }
    }

    /// Remembers what `name` stands for, or holds `actual` against it.
    fn bind(&mut self, name: &str, actual: &Value, path: &str) {
        match self.variables.value(name) {
            Some(bound) if python::equal(bound, actual) => {}
            Some(bound) => self.errors.push(format!("{path}: expected {bound} (${{{name}}}), got {actual}")),
            None => self.variables.bind(name, actual.clone()),
        }
    }
}

fn judge_result(expected: &ExpectedResult, observed: &Observed, variables: &Variables) -> Option<String> {
    if let Some(status) = expected.status.as_ref().filter(|status| **status != observed.status) {
        return Some(format!("status: expected {status}, got {}", observed.status));
    }
    if observed.status != "SUCCEEDED" {
        return None;
    }
    let expected = variables.substitute(expected.result.as_ref()?);
    let actual = match &observed.result {
        Some(text) => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
        None => Value::Null,
    };
    (!python::equal(&expected, &actual)).then(|| format!("result: expected {expected}, got {actual}"))
}

/// Checks that ids count from 1, time does not go back, and the history begins at the beginning.
fn judge_order(events: &[Value]) -> Vec<String> {
    let mut errors = Vec::new();
    let mut latest = f64::NEG_INFINITY;
    for (id, event) in (1..).zip(events) {
        if event_id(event) != Some(id) {
            errors.push(format!("event {id}: expected EventId {id}, got {} ({})", event["EventId"], event_type(event)));
        }
        match event["EventTimestamp"].as_f64() {
            Some(timestamp) if timestamp >= latest => latest = timestamp,
            Some(timestamp) => {
                errors.push(format!("event {id}: expected EventTimestamp from {latest}, got {timestamp}"))
            }
            None => {
                errors.push(format!("event {id}: expected EventTimestamp in seconds, got {}", event["EventTimestamp"]))
            }
        }
    }
    match events.first().map(event_type) {
        Some("ExecutionStarted") => {}
        first => {
            errors.push(format!("event 1: expected ExecutionStarted, got {}", first.unwrap_or("an empty history")))
        }
    }
    errors
}

/// Checks that an execution that ended has one terminal event, the last, and that one that runs has none.
fn judge_ends(observed: &Observed) -> Vec<String> {
    let mut errors = Vec::new();
    let ends: Vec<_> = observed.events.iter().filter(|event| is_terminal(event)).collect();
    let expected = usize::from(has_ended(observed));
    if ends.len() != expected {
        let ends: Vec<_> = ends.iter().map(|event| format!("{} {}", event["EventId"], event_type(event))).collect();
        let Observed { status, .. } = observed;
        errors.push(format!("status {status}: expected {expected} terminal events, got {} {ends:?}", ends.len()));
    }
    if let Some(end) = observed.events.iter().position(is_terminal) {
        let end_type = event_type(&observed.events[end]);
        errors.extend(observed.events[end + 1..].iter().map(|event| {
            format!("event {}: expected no event after {end_type}, got {}", event["EventId"], event_type(event))
        }));
    }
    errors
}

/// Checks that each pinned id is there once, and that nothing follows the pinned events but the end.
fn judge_count(requirement: &Requirement, observed: &Observed) -> Vec<String> {
    let Observed { status, events, .. } = observed;
    let mut errors = Vec::new();
    for id in requirement.expected_history.iter().filter_map(event_id) {
        let count = events.iter().filter(|event| event_id(event) == Some(id)).count();
        if count != 1 {
            errors.push(format!("event {id}: expected one event of this id, got {count}"));
        }
    }
    let last = requirement.expected_history.iter().max_by_key(|event| event_id(event));
    let highest = last.and_then(event_id).unwrap_or_default();
    let expected = match last {
        Some(event) if is_terminal(event) => Some(highest),
        // All that can follow the last invocation is the end; any other event has successors nobody pinned.
        Some(event) if event_type(event) != "InvocationCompleted" => None,
        _ if !has_ended(observed) => Some(highest),
        // Without an expected end the pins stop while the execution goes on.
        _ => requirement.expected_result.is_some().then_some(highest + 1),
    };
    if let Some(expected) = expected.filter(|expected| *expected != events.len() as u64) {
        errors
            .push(format!("history: expected {expected} events (pinned to {highest}, {status}), got {}", events.len()));
    }
    errors
}

fn event_id(event: &Value) -> Option<u64> {
    event["EventId"].as_u64()
}

fn event_type(event: &Value) -> &str {
    event["EventType"].as_str().unwrap_or("an event without EventType")
}

fn is_terminal(event: &Value) -> bool {
    let terminal =
        ["ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionStopped", "ExecutionCancelled"];
    terminal.contains(&event_type(event))
}

fn has_ended(observed: &Observed) -> bool {
    ["SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED", "CANCELLED"].contains(&observed.status.as_str())
}
