use std::collections::{HashMap, HashSet};

use durabox_runtime::model::ErrorObject;
use serde_json::Value;

use super::observed::{Artifact, Observed, ObservedOperation};
use crate::golden::INVOCATION;
use crate::render::operation::error_text;
use crate::render::text::count;

/// Lines before a difference that are shown with it, and lines of it.
const NEIGHBOURS: usize = 2;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// The artifact, by its SHA-256.
    Artifact,
    /// How the execution ended.
    Status,
    /// The result, as JSON.
    Output,
    /// The error's type and message.
    Error,
    /// The operations: kinds, sub-types, names, contexts, how they ended, and their order in each context.
    Operations,
    /// The history's signature.
    History,
}

impl Aspect {
    /// Returns the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Artifact => "artifact",
            Self::Status => "status",
            Self::Output => "output",
            Self::Error => "error",
            Self::Operations => "operations",
            Self::History => "history",
        }
    }
}

/// Where two sides part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The lines before it, which both have.
    pub before: Vec<String>,
    /// The first line that is another in the cloud, and what follows it; nothing at the end.
    pub local: Vec<String>,
    /// The first line that is another locally, and what follows it; nothing at the end.
    pub cloud: Vec<String>,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// No difference.
    Same,
    /// One side is not known, so that nothing was compared.
    Unknown,
    /// The same events of each operation, in another order among concurrent branches.
    Order(Difference),
    /// A difference.
    Differs(Difference),
}

/// One aspect of two executions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Which.
    pub aspect: Aspect,
    /// The local side, in short.
    pub local: String,
    /// The side of the cloud, in short.
    pub cloud: String,
    /// What was found.
    pub finding: Finding,
}

impl Compared {
    /// Returns the difference; another order of concurrent branches is one only if it is asked for.
    pub const fn difference(&self, strict: bool) -> Option<&Difference> {
        match &self.finding {
            Finding::Differs(difference) => Some(difference),
            Finding::Order(difference) if strict => Some(difference),
            Finding::Same | Finding::Unknown | Finding::Order(_) => None,
        }
    }
}

/// Two executions, aspect by aspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Every aspect, in the order in which a person asks for them.
    pub aspects: Vec<Compared>,
}

impl Comparison {
    /// Returns the first aspect that differs.
    pub fn first_difference(&self, strict: bool) -> Option<&Compared> {
        self.aspects.iter().find(|compared| compared.difference(strict).is_some())
    }

    /// Whether only the order of concurrent branches is another.
    pub fn is_other_order(&self) -> bool {
        self.aspects.iter().any(|compared| matches!(compared.finding, Finding::Order(_)))
    }
}

/// Compares two executions of the same input.
pub fn compare(local: &Observed, cloud: &Observed) -> Comparison {
    let events = |observed: &Observed| count(without_invocations(observed).len(), "event");
    let (here, there) = (tree(local), tree(cloud));
    let compared = |aspect, local: String, cloud: String, finding| Compared { aspect, local, cloud, finding };
    let single = |aspect, local: String, cloud: String, is_same: bool| {
        let finding = match is_same {
            true => Finding::Same,
            false => Finding::Differs(Difference {
                before: Vec::new(),
                local: vec![local.clone()],
                cloud: vec![cloud.clone()],
            }),
        };
        Compared { aspect, local, cloud, finding }
    };
    let output = |observed: &Observed| observed.output.clone().unwrap_or_else(none);
    let error = |observed: &Observed| observed.error.as_ref().map_or_else(none, error_text);
    let statuses = (local.status.as_str().to_owned(), cloud.status.as_str().to_owned());
    Comparison {
        aspects: vec![
            artifacts(&local.artifact, &cloud.artifact),
            single(Aspect::Status, statuses.0, statuses.1, local.status == cloud.status),
            single(Aspect::Output, output(local), output(cloud), same_output(local, cloud)),
            single(Aspect::Error, error(local), error(cloud), same_errors(local.error.as_ref(), cloud.error.as_ref())),
            compared(
                Aspect::Operations,
                count(here.len(), "operation"),
                count(there.len(), "operation"),
                match first_difference(&here, &there, |one, other| one == other) {
                    None => Finding::Same,
                    Some(difference) => Finding::Differs(difference),
                },
            ),
            compared(Aspect::History, events(local), events(cloud), histories(local, cloud)),
        ],
    }
}

fn none() -> String {
    "none".to_owned()
}

fn artifacts(local: &Artifact, cloud: &Artifact) -> Compared {
    let text = |artifact: &Artifact| match artifact {
        Artifact::Sha256(sha256) => sha256.clone(),
        Artifact::Unknown(why) => format!("unknown ({why})"),
    };
    let (here, there) = (text(local), text(cloud));
    let finding = match (local, cloud) {
        (Artifact::Sha256(one), Artifact::Sha256(other)) if one.eq_ignore_ascii_case(other) => Finding::Same,
        (Artifact::Sha256(_), Artifact::Sha256(_)) => {
            Finding::Differs(Difference { before: Vec::new(), local: vec![here.clone()], cloud: vec![there.clone()] })
        }
        (Artifact::Unknown(_), _) | (_, Artifact::Unknown(_)) => Finding::Unknown,
    };
    Compared { aspect: Aspect::Artifact, local: here, cloud: there, finding }
}

fn same_output(local: &Observed, cloud: &Observed) -> bool {
    match (&local.output, &cloud.output) {
        (Some(local), Some(cloud)) => same_payload(local, cloud),
        (local, cloud) => local == cloud,
    }
}

/// Whether two payloads are the same JSON. In the cloud one may be JSON text within JSON text, as
/// [`TestResult::output`](crate::TestResult::output) reads it.
fn same_payload(local: &str, cloud: &str) -> bool {
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    if local == cloud {
        return true;
    }
    let (Some(local), Some(cloud)) = (json(local), json(cloud)) else { return false };
    // A number is not the text of its digits.
    let is_within = !local.is_number() && cloud.as_str().and_then(json).is_some_and(|within| within == local);
    local == cloud || is_within
}

fn same_errors(local: Option<&ErrorObject>, cloud: Option<&ErrorObject>) -> bool {
    match (local, cloud) {
        (Some(local), Some(cloud)) => {
            let message = |error: &ErrorObject| error.error_message.as_deref().map(without_request_ids);
            local.error_type == cloud.error_type && message(local) == message(cloud)
        }
        (local, cloud) => local.is_none() && cloud.is_none(),
    }
}

/// Whether two lines of a signature tell the same of an event.
fn same_event(local: &str, cloud: &str) -> bool {
    let (local, cloud): (Vec<&str>, Vec<&str>) = (local.split('\t').collect(), cloud.split('\t').collect());
    let is_error = ["Failed", "TimedOut", "Stopped"].iter().any(|end| local[0].ends_with(end));
    let same = |local: &str, cloud: &str| match is_error {
        true => without_request_ids(local) == without_request_ids(cloud),
        false => same_payload(local, cloud),
    };
    local.len() == cloud.len() && local.iter().zip(&cloud).all(|(local, cloud)| same(local, cloud))
}

/// Returns text with `ID` for each UUID in it: the error of a crash has the id of its request.
fn without_request_ids(text: &str) -> String {
    const LENGTH: usize = 36;
    let is_id = |text: &str| {
        text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let mut without = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if rest.get(..LENGTH).is_some_and(is_id) {
            without.push_str("ID");
            rest = &rest[LENGTH..];
        } else {
            without.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    without
}

/// Compares histories event by event, and if that fails operation by operation.
fn histories(local: &Observed, cloud: &Observed) -> Finding {
    let (local, cloud) = (without_invocations(local), without_invocations(cloud));
    let Some(in_order) = first_difference(&local, &cloud, same_event) else {
        return Finding::Same;
    };
    let of = |lines: &[String], operation: &str| -> Vec<String> {
        lines.iter().filter(|line| operation_of(line) == operation).cloned().collect()
    };
    let differing = operations_of(&local, &cloud)
        .into_iter()
        .find_map(|operation| first_difference(&of(&local, operation), &of(&cloud, operation), same_event));
    match differing {
        None => Finding::Order(in_order),
        Some(difference) => Finding::Differs(difference),
    }
}

/// Returns the path of a line's operation; empty for the execution itself.
fn operation_of(line: &str) -> &str {
    line.split('\t').nth(1).unwrap_or_default()
}

/// Returns the operations of two histories in the order in which they are met. The execution itself,
/// whose end follows from theirs, is the last.
fn operations_of<'a>(local: &'a [String], cloud: &'a [String]) -> Vec<&'a str> {
    let mut met = HashSet::from([""]);
    let all = local.iter().chain(cloud).map(|line| operation_of(line));
    let mut operations: Vec<&str> = all.filter(|operation| met.insert(*operation)).collect();
    operations.push("");
    operations
}

fn without_invocations(observed: &Observed) -> Vec<String> {
    observed.history.iter().filter(|line| !line.starts_with(INVOCATION)).cloned().collect()
}

/// Returns the operations as a tree, a line to an operation, so that it does not matter how those of
/// concurrent contexts were interleaved.
fn tree(observed: &Observed) -> Vec<String> {
    let mut contexts: HashMap<&str, Vec<&ObservedOperation>> = HashMap::new();
    for operation in observed.operations.iter().rev() {
        contexts.entry(operation.context.as_str()).or_default().push(operation);
    }
    let mut lines = Vec::with_capacity(observed.operations.len());
    let mut open: Vec<(usize, &ObservedOperation)> = Vec::new();
    // The last of each list is its first operation.
    open.extend(contexts.remove("").into_iter().flatten().map(|operation| (0, operation)));
    while let Some((depth, operation)) = open.pop() {
        lines.push(format!("{}{}  {}", "  ".repeat(depth), operation.title(), operation.status.as_str()));
        let within = contexts.remove(operation.path.as_str()).into_iter().flatten();
        open.extend(within.map(|operation| (depth + 1, operation)));
    }
    lines
}

fn first_difference(local: &[String], cloud: &[String], same: impl Fn(&str, &str) -> bool) -> Option<Difference> {
    let at = (0..local.len().max(cloud.len())).find(|&at| match (local.get(at), cloud.get(at)) {
        (Some(local), Some(cloud)) => !same(local, cloud),
        _ => true,
    })?;
    let side = |lines: &[String]| lines.iter().skip(at).take(NEIGHBOURS).cloned().collect();
    let before = local[at.saturating_sub(NEIGHBOURS)..at].to_vec();
    Some(Difference { before, local: side(local), cloud: side(cloud) })
}
