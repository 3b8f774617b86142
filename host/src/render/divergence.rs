//! Where and why a build leaves a record: both operations with their call sites, the operations
//! around them, the likely cause in words, and what to do.

use std::collections::HashMap;
use std::sync::Arc;

use durabox_runtime::engine::replay::{CallSite, Divergence, Identity, wire_id};
use durabox_runtime::model::{ErrorObject, Operation, OperationType, SmolStr};
use durabox_runtime::verify::{Recorded, Report, Verdict};
use serde_json::{Value, json};

use super::cause::{Cause, Scene, likely_cause};
use super::document;
use super::operation::{error_text, positions, title, title_of};
use super::text::{clean, columns, count, shortened};
use crate::source::Sources;

/// Operations shown before and after the one where the build leaves the record.
const AROUND: usize = 3;

/// Longest result shown in a comparison, characters.
const MAX_PAYLOAD: usize = 400;

/// What was compared with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The build that made the record, replayed under another seed.
    Shadow,
    /// A build given for comparison.
    Build,
}

/// What a replay found, in words.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// One line: what differs.
    pub headline: String,
    /// Lines below it, indented.
    pub body: Vec<String>,
    /// Why, if that can be told.
    pub cause: Option<Cause>,
    /// What to do.
    pub hints: Vec<String>,
    /// The same for programs.
    pub document: Value,
}

impl Diagnosis {
    /// Returns everything as text; `label` stands before the headline.
    pub fn text(&self, label: &str) -> String {
        let mut lines = vec![format!("{label}: {}", self.headline)];
        lines.extend(self.body.iter().cloned());
        if let Some(cause) = &self.cause {
            lines.push(String::new());
            lines.push(format!("  likely cause: {cause}"));
        }
        if !self.hints.is_empty() {
            lines.push(String::new());
            lines.extend(self.hints.iter().map(|hint| format!("hint: {hint}")));
        }
        lines.join("\n")
    }
}

/// Says what differs between a record and a replay of it; `None` if nothing does.
pub fn diagnose(recorded: &Recorded, report: &Report, compared: Compared, sources: &Sources) -> Option<Diagnosis> {
    let teller = Teller { recorded, report, compared, sources, positions: positions(&recorded.operations) };
    let name = recorded.execution_name();
    Some(match &report.verdict {
        Verdict::Follows => return None,
        Verdict::Diverges(divergence) => teller.divergence(divergence),
        Verdict::ResultDiffers { recorded, got } => {
            let headline = format!("the result of {name} differs, though every operation is the same");
            let hints = match compared {
                Compared::Shadow => teller.determinism_hints(),
                Compared::Build => vec![
                    "executions that were started with the recorded build go on in this one, and end with its result"
                        .to_owned(),
                ],
            };
            teller.two_sides(headline, "result-differs", recorded, got, hints)
        }
        Verdict::EndsOtherwise { recorded, got } => {
            let headline = format!("{name} ends in another way, though no recorded operation differs");
            teller.two_sides(headline, "ends-otherwise", recorded, got, teller.determinism_hints())
        }
        Verdict::Refused(error) => teller.stopped(format!("{name} does something that is refused"), "refused", error),
        Verdict::Crashed(error) => teller.stopped(format!("{name} crashes while it is replayed"), "crashed", error),
    })
}

/// The two operations at the place where the record is left; one may be missing.
struct Place<'a> {
    recorded: Option<&'a Operation>,
    claimed: Option<&'a Identity>,
    /// Position such as `2-1`; empty when it is not known.
    path: SmolStr,
}

struct Teller<'a> {
    recorded: &'a Recorded,
    report: &'a Report,
    compared: Compared,
    sources: &'a Sources,
    positions: HashMap<&'a str, String>,
}

impl Teller<'_> {
    fn divergence(&self, divergence: &Divergence) -> Diagnosis {
        let place = self.place(divergence);
        let (ours, theirs) = self.sides();
        let expected = place.recorded.map(title_of);
        let actual =
            place.claimed.map(|claim| title(claim.operation_type, claim.sub_type.as_deref(), claim.name.as_deref()));
        let headline = match (divergence, &expected, &actual) {
            (Divergence::Mismatch { .. }, Some(expected), Some(actual)) => {
                format!("{actual} was asked for where the history has {expected}")
            }
            (Divergence::Stalled { .. }, _, Some(actual)) => {
                format!("the handler waits for {actual}, which the history of an ended execution leaves open")
            }
            (Divergence::Unclaimed { recorded }, Some(expected), _) => match recorded.len() {
                0 | 1 => format!("the handler ended without asking for {expected}"),
                more => {
                    format!("the handler ended without asking for {expected} and {}", count(more - 1, "more operation"))
                }
            },
            (_, _, Some(actual)) => format!("{actual} was asked for where the history has ended"),
            _ => divergence.to_string(),
        };
        let mut body = vec![format!("  {:<11} {}", "execution", self.location(&place))];
        let recorded_site = place.recorded.and_then(|operation| self.recorded.sites.get(&operation.id));
        let nothing = || "nothing".to_owned();
        let sides = [
            (ours, expected.clone().unwrap_or_else(nothing), recorded_site),
            (theirs, actual.clone().unwrap_or_else(nothing), place.claimed.and_then(|claim| claim.site.as_ref())),
        ];
        let rows: Vec<Vec<String>> = sides
            .iter()
            .map(|(side, what, site)| {
                vec![format!("  {side:<11} {}", clean(what)), site.map(ToString::to_string).unwrap_or_default()]
            })
            .collect();
        let calls = [
            place.recorded.map(|operation| (operation.operation_type, operation.name.as_deref())),
            place.claimed.map(|claim| (claim.operation_type, claim.name.as_deref())),
        ];
        for ((line, (_, _, site)), call) in columns(&rows).into_iter().zip(&sides).zip(calls) {
            body.push(line);
            body.extend(site.and_then(|site| self.source_line(site, call)));
        }
        body.push(String::new());
        body.extend(self.around(&place));

        let cause = likely_cause(&Scene {
            recorded: place.recorded,
            claimed: place.claimed,
            siblings: &self.siblings(&place.path, place.recorded),
            report: self.report,
            recorded_sites: &self.recorded.sites,
            same_build: self.compared == Compared::Shadow,
            foreign: self.positions.is_empty() && self.recorded.operations.len() > 1,
            sources: self.sources,
        });
        let kind = match divergence {
            Divergence::Mismatch { .. } => "mismatch",
            Divergence::Unrecorded { .. } => "unrecorded",
            Divergence::Stalled { .. } => "stalled",
            Divergence::Unclaimed { .. } => "unclaimed",
        };
        let document = json!({
            "kind": kind,
            "path": place.path,
            "expected": place.recorded.map(|operation| json!({
                "Id": operation.id,
                "Type": operation.operation_type,
                "SubType": operation.sub_type,
                "Name": operation.name,
                "Site": recorded_site.map(document::site),
            })),
            "actual": place.claimed.map(|claim| json!({
                "Type": claim.operation_type,
                "SubType": claim.sub_type,
                "Name": claim.name,
                "Site": claim.site.as_ref().map(document::site),
            })),
            "cause": cause.as_ref().map(|cause| json!({ "kind": cause.kind(), "text": cause.to_string() })),
        });
        Diagnosis { headline: clean(&headline), body, cause, hints: self.determinism_hints(), document }
    }

    fn place<'d>(&self, divergence: &'d Divergence) -> Place<'d> {
        match divergence {
            Divergence::Mismatch { recorded, claimed } => {
                Place { recorded: Some(recorded), claimed: Some(claimed), path: claimed.path.clone() }
            }
            Divergence::Unrecorded { claimed } | Divergence::Stalled { claimed } => {
                Place { recorded: None, claimed: Some(claimed), path: claimed.path.clone() }
            }
            Divergence::Unclaimed { recorded } => {
                let first = recorded.first().map(|operation| &**operation);
                let path = first.and_then(|operation| self.positions.get(operation.id.as_str()));
                Place { recorded: first, claimed: None, path: path.cloned().unwrap_or_default().into() }
            }
        }
    }

    fn sides(&self) -> (&'static str, &'static str) {
        match self.compared {
            Compared::Shadow => ("first run", "replay"),
            Compared::Build => ("recorded", "this build"),
        }
    }

    /// Returns `order-42, operation 2-1 (in CONTEXT ship)`.
    fn location(&self, place: &Place<'_>) -> String {
        let mut text = self.recorded.execution_name().to_owned();
        if !place.path.is_empty() {
            text.push_str(&format!(", operation {}", place.path));
        }
        if let Some((parent, _)) = place.path.rsplit_once('-') {
            let id = wire_id(parent);
            if let Some(context) = self.recorded.operations.iter().find(|operation| operation.id == id) {
                text.push_str(&format!(" (in {})", title_of(context)));
            }
        }
        text
    }

    /// Returns the source line of a call, unless something else stands there now.
    fn source_line(&self, site: &CallSite, call: Option<(OperationType, Option<&str>)>) -> Option<String> {
        let line = self.sources.line(site)?;
        let is_there = self.compared == Compared::Shadow
            || call.is_none_or(|(kind, name)| self.sources.still_shows(site, method(kind), name));
        let shown = if is_there { clean(&line) } else { "(changed since)".to_owned() };
        Some(format!("  {:<11} {} | {shown}", "", site.line))
    }

    /// Returns the recorded operations of the context that `path` lies in, in the handler's order.
    fn siblings(&self, path: &str, recorded: Option<&Operation>) -> Vec<&Operation> {
        let parent = match recorded {
            Some(operation) => operation.parent_id.clone(),
            None => path.rsplit_once('-').map(|(parent, _)| wire_id(parent)),
        };
        let mut siblings: Vec<&Operation> = self
            .recorded
            .operations
            .iter()
            .map(Arc::as_ref)
            .filter(|operation| operation.operation_type != OperationType::Execution && operation.parent_id == parent)
            .collect();
        siblings.sort_by_key(|operation| self.positions.get(operation.id.as_str()).map_or(0, |path| last_index(path)));
        siblings
    }

    /// Returns both sequences of the context side by side, the place marked.
    fn around(&self, place: &Place<'_>) -> Vec<String> {
        let mut by_index: HashMap<usize, (String, String)> = HashMap::new();
        for (order, operation) in self.siblings(&place.path, place.recorded).into_iter().enumerate() {
            let known = self.positions.get(operation.id.as_str()).map(|path| last_index(path));
            by_index.entry(known.unwrap_or(order + 1)).or_default().0 = title_of(operation);
        }
        let prefix = place.path.rsplit_once('-').map_or("", |(prefix, _)| prefix);
        for claim in &self.report.claims {
            let (claim_prefix, index) = claim.path.rsplit_once('-').unwrap_or(("", &claim.path));
            if claim_prefix == prefix {
                let index = index.parse().unwrap_or(0);
                by_index.entry(index).or_default().1 =
                    title(claim.operation_type, Some(&claim.sub_type), claim.name.as_deref());
            }
        }
        let center = last_index(&place.path);
        let mut indices: Vec<usize> = by_index.keys().copied().collect();
        indices.sort_unstable();
        let (ours, theirs) = self.sides();
        let mut rows = vec![vec![String::new(), ours.to_owned(), theirs.to_owned()]];
        for index in indices.into_iter().filter(|index| index.abs_diff(center) <= AROUND) {
            let (left, right) = by_index.remove(&index).unwrap_or_default();
            let mark = if index == center { ">" } else { " " };
            // A replay stops where it leaves the record: what would follow is not known.
            let right = if place.claimed.is_some() && index > center { right } else { or_dash(right) };
            rows.push(vec![format!("{mark} {index}"), or_dash(left), right]);
        }
        columns(&rows).into_iter().map(|line| format!("  {}", clean(&line))).collect()
    }

    fn two_sides(&self, headline: String, kind: &str, recorded: &str, got: &str, hints: Vec<String>) -> Diagnosis {
        let (ours, theirs) = self.sides();
        let body = [(ours, recorded), (theirs, got)]
            .map(|(side, text)| format!("  {side:<11} {}", shortened(&clean(text), MAX_PAYLOAD)))
            .to_vec();
        let document = json!({ "kind": kind, "expected": recorded, "actual": got });
        Diagnosis { headline, body, cause: None, hints, document }
    }

    fn stopped(&self, headline: String, kind: &str, error: &ErrorObject) -> Diagnosis {
        let mut body =
            vec![format!("  {:<11} {}", "error", clean(&error_text(error)).replace('\n', "\n              "))];
        match self.report.claims.last() {
            Some(claim) => {
                let what = title(claim.operation_type, Some(&claim.sub_type), claim.name.as_deref());
                body.push(format!("  {:<11} {what}  {}", "after", claim.site));
                body.extend(self.source_line(&claim.site, None));
            }
            None => body.push(format!("  {:<11} before the first operation", "at")),
        }
        let document = json!({ "kind": kind, "error": error });
        Diagnosis { headline, body, cause: None, hints: Vec::new(), document }
    }

    fn determinism_hints(&self) -> Vec<String> {
        let rule = "code between operations must be deterministic; \
                    move clock reads, random values and I/O into a step"
            .to_owned();
        match self.compared {
            Compared::Shadow => {
                let order = "the order of a std HashMap or HashSet differs from run to run; \
                             use a BTreeMap, or sort before the loop";
                vec![rule, order.to_owned(), "--no-shadow-replay runs without this check".to_owned()]
            }
            Compared::Build => {
                let running = "executions that were started with the recorded build would fail in this one; \
                               publish it as a new version and let them end on the old one";
                vec![running.to_owned(), rule]
            }
        }
    }
}

/// Returns how the SDK's method for an operation begins.
const fn method(operation_type: OperationType) -> &'static str {
    match operation_type {
        OperationType::Step => "step",
        OperationType::Wait => "wait",
        // Several methods open contexts.
        _ => "",
    }
}

fn last_index(path: &str) -> usize {
    path.rsplit('-').next().and_then(|index| index.parse().ok()).unwrap_or(0)
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "-".into() } else { text }
}
