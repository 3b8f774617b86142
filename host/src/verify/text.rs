//! A report of comparisons for people: a line to what is equal, both sides of what is not.

use super::compare::{Aspect, Compared, Difference, Finding};
use super::pair::{Entry, Judgement, Outcome, Pair, Tally};
use crate::render::text::{clean, columns, count};

/// Longest cell of the table, characters.
const CELL: usize = 44;
/// Longest line of a history, characters.
const LINE: usize = 100;
/// Characters of a SHA-256 that are shown.
const SHA256: usize = 12;

/// Returns the report, and how many entries came down to what.
pub fn lines(entries: &[Entry], strict: bool) -> Vec<String> {
    let mut lines: Vec<String> = entries.iter().flat_map(|entry| entry_lines(entry, strict)).collect();
    let tally = Tally::of(entries, strict);
    lines.push(String::new());
    lines.push(format!(
        "{} compared: {} equal, {} different; {} failed, {} skipped",
        count(tally.equal + tally.differ, "execution"),
        tally.equal,
        tally.differ,
        tally.failed,
        tally.skipped
    ));
    lines
}

/// Returns what is said of one entry; the first line has its name.
pub fn entry_lines(entry: &Entry, strict: bool) -> Vec<String> {
    let judgement = entry.outcome.judgement(strict);
    let head = |rest: &str| format!("{:<7}  {}  {rest}", judgement.as_str(), entry.full_name());
    match &entry.outcome {
        Outcome::Compared(pair) => match pair.comparison.first_difference(strict) {
            None => vec![head(&equal(pair))],
            Some(first) => {
                let mut lines = vec![head(&format!("first in: {}", first.aspect.as_str()))];
                lines.extend(both_sides(pair, strict));
                lines
            }
        },
        Outcome::Count { local, cloud } => {
            vec![head(&format!("{} locally, {cloud} in the cloud", count(*local, "execution")))]
        }
        Outcome::Failed { mode, failure } => {
            let mut lines = vec![head(&format!("in {mode} mode"))];
            lines.extend(clean(failure).lines().map(|line| format!("  {line}")));
            lines
        }
        Outcome::Skipped(reason) => vec![head(reason.lines().next().unwrap_or_default())],
    }
}

/// Returns `SUCCEEDED  3 operations  artifact 1a2b3c4d5e6f…`.
fn equal(pair: &Pair) -> String {
    let artifact = pair.comparison.aspects.iter().find(|compared| compared.aspect == Aspect::Artifact);
    let artifact = artifact.map_or_else(String::new, |compared| match compared.finding {
        Finding::Unknown if compared.local.starts_with("unknown") => compared.local.clone(),
        Finding::Unknown => compared.cloud.clone(),
        _ => short(&compared.local),
    });
    let order = if pair.comparison.is_other_order() { "  (another order of concurrent branches)" } else { "" };
    let operations = count(pair.local.operations.len(), "operation");
    format!("{}  {operations}  artifact {artifact}{order}", pair.local.status.as_str())
}

fn both_sides(pair: &Pair, strict: bool) -> Vec<String> {
    let mut rows = vec![["", "local", "cloud", ""].map(str::to_owned).to_vec()];
    rows.extend(pair.comparison.aspects.iter().map(|compared| row(compared, strict)));
    let mut lines: Vec<String> = columns(&rows).into_iter().map(|line| format!("  {line}")).collect();
    for compared in &pair.comparison.aspects {
        let is_list = matches!(compared.aspect, Aspect::Operations | Aspect::History);
        if let Some(difference) = compared.difference(strict).filter(|_| is_list) {
            lines.push(format!("  first difference of the {}", compared.aspect.as_str()));
            lines.extend(neighbourhood(difference));
        }
    }
    lines
}

fn row(compared: &Compared, strict: bool) -> Vec<String> {
    let mark = match &compared.finding {
        Finding::Order(_) => "order of concurrent branches",
        _ if compared.difference(strict).is_some() => "differs",
        _ => "",
    };
    let (local, cloud) = match compared.aspect {
        Aspect::Artifact => (short(&compared.local), short(&compared.cloud)),
        _ => excerpts(&compared.local, &compared.cloud, CELL),
    };
    vec![compared.aspect.as_str().to_owned(), local, cloud, mark.to_owned()]
}

fn neighbourhood(difference: &Difference) -> Vec<String> {
    let side = |name: &str, line: &str| format!("    {name:<5}  {line}");
    let mut lines: Vec<String> =
        difference.before.iter().map(|line| side("both", &excerpts(line, line, LINE).0)).collect();
    let text = |lines: &[String], at: usize| match lines.get(at) {
        Some(line) => line.clone(),
        None if at == 0 => "(nothing more)".to_owned(),
        None => String::new(),
    };
    let (mut local, mut cloud) = (Vec::new(), Vec::new());
    for at in 0..difference.local.len().max(difference.cloud.len()) {
        let (one, other) = excerpts(&text(&difference.local, at), &text(&difference.cloud, at), LINE);
        local.push(one);
        cloud.push(other);
    }
    let shown = |line: &&String| !line.is_empty();
    lines.extend(local.iter().filter(shown).map(|line| side("local", line)));
    lines.extend(cloud.iter().filter(shown).map(|line| side("cloud", line)));
    lines
}

/// Returns the beginning of a SHA-256, and other text as it is.
fn short(artifact: &str) -> String {
    let is_digest = artifact.len() > SHA256 && artifact.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest { format!("{}…", &artifact[..SHA256]) } else { artifact.to_owned() }
}

/// Returns both texts on a line each; a long one is cut to what is around the first difference.
fn excerpts(local: &str, cloud: &str, limit: usize) -> (String, String) {
    let on_a_line = |text: &str| clean(text).replace('\n', "\\n").replace('\t', "  ");
    let (local, cloud) = (on_a_line(local), on_a_line(cloud));
    let common = match local == cloud {
        true => 0,
        false => local.chars().zip(cloud.chars()).take_while(|(one, other)| one == other).count(),
    };
    let cut = |text: &str| {
        let length = text.chars().count();
        let from = if length <= limit { 0 } else { common.saturating_sub(limit / 3) };
        let shown: String = text.chars().skip(from).take(limit).collect();
        let (before, after) = (if from > 0 { "…" } else { "" }, if length > from + limit { "…" } else { "" });
        format!("{before}{shown}{after}")
    };
    (cut(&local), cut(&cloud))
}

/// Returns the first line of what is said of an entry that is not equal, without what is before its name.
pub(super) fn headline(entry: &Entry, strict: bool) -> String {
    let lines = entry_lines(entry, strict);
    let first = lines.first().map(String::as_str).unwrap_or_default();
    let rest = first.split_once(&entry.full_name()).map_or(first, |(_, rest)| rest);
    match entry.outcome.judgement(strict) {
        Judgement::Skipped => rest.trim().to_owned(),
        judgement => format!("{} {}", judgement.as_str(), rest.trim()),
    }
}
