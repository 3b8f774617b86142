//! Comparisons as JUnit XML, which CI systems show: a suite to a test target, a case to an execution.

use std::collections::BTreeMap;

use super::pair::{Entry, Judgement, Tally};
use super::text::{entry_lines, headline};

/// The suite of executions that belong to no test.
const NO_TARGET: &str = "durabox verify";

/// Returns the document.
pub fn document(entries: &[Entry], strict: bool) -> String {
    let mut suites: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        let suite = if entry.target.is_empty() { NO_TARGET } else { entry.target.as_str() };
        suites.entry(suite).or_default().push(entry);
    }
    let total = Tally::of(entries, strict);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let failures = total.differ + total.failed;
    xml.push_str(&format!(
        "<testsuites name=\"durabox verify\" tests=\"{}\" failures=\"{failures}\">\n",
        entries.len()
    ));
    for (name, entries) in suites {
        suite(&mut xml, name, &entries, strict);
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn suite(xml: &mut String, name: &str, entries: &[&Entry], strict: bool) {
    let judged = |fits: fn(Judgement) -> bool| entries.iter().filter(|one| fits(one.outcome.judgement(strict))).count();
    let failures = judged(|judgement| matches!(judgement, Judgement::Differs | Judgement::Failed));
    let skipped = judged(|judgement| judgement == Judgement::Skipped);
    let tests = entries.len();
    xml.push_str(&format!(
        "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n",
        escaped(name)
    ));
    for entry in entries {
        case(xml, name, entry, strict);
    }
    xml.push_str("  </testsuite>\n");
}

fn case(xml: &mut String, suite: &str, entry: &Entry, strict: bool) {
    let opening = format!("    <testcase classname=\"{}\" name=\"{}\"", escaped(suite), escaped(&entry.name()));
    xml.push_str(&opening);
    let judgement = entry.outcome.judgement(strict);
    let message = || escaped(&headline(entry, strict));
    match judgement {
        Judgement::Equal => xml.push_str("/>\n"),
        Judgement::Skipped => {
            xml.push_str(&format!(">\n      <skipped message=\"{}\"/>\n    </testcase>\n", message()));
        }
        Judgement::Differs | Judgement::Failed => {
            let body = escaped(&entry_lines(entry, strict).join("\n"));
            let kind = judgement.as_str();
            xml.push_str(&format!(
                ">\n      <failure type=\"{kind}\" message=\"{}\">{body}</failure>\n    </testcase>\n",
                message()
            ));
        }
    }
}

/// Returns text as it stands in an element or a quoted attribute; XML has no other control characters
/// than tab and ends of lines.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            control if control.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            other => escaped.push(other),
        }
    }
    escaped
}
