//! One JSON document of comparisons, for programs; both sides are in it whole.

use serde_json::{Value, json};

use super::compare::{Compared, Difference, Finding};
use super::pair::{Entry, Judgement, Outcome, Tally};

/// Returns `{equal, strict, summary, runs}`.
pub fn document(entries: &[Entry], strict: bool) -> Value {
    let tally = Tally::of(entries, strict);
    json!({
        "equal": tally.equal > 0 && tally.differ == 0 && tally.failed == 0,
        "strict": strict,
        "summary": {
            "equal": tally.equal,
            "differ": tally.differ,
            "failed": tally.failed,
            "skipped": tally.skipped,
        },
        "runs": entries.iter().map(|entry| run(entry, strict)).collect::<Vec<_>>(),
    })
}

fn run(entry: &Entry, strict: bool) -> Value {
    let outcome = match entry.outcome.judgement(strict) {
        Judgement::Equal => "equal",
        other => other.as_str(),
    };
    let mut document =
        json!({ "target": entry.target, "test": entry.test, "ordinal": entry.ordinal, "outcome": outcome });
    match &entry.outcome {
        Outcome::Compared(pair) => {
            let first = pair.comparison.first_difference(strict);
            document["firstDifference"] = match first.and_then(|first| Some((first, first.difference(strict)?))) {
                Some((first, difference)) => {
                    let mut sides = sides(difference);
                    sides["aspect"] = json!(first.aspect.as_str());
                    sides
                }
                None => Value::Null,
            };
            document["aspects"] = pair.comparison.aspects.iter().map(aspect).collect();
            document["local"] = json!(pair.local);
            document["cloud"] = json!(pair.cloud);
        }
        Outcome::Count { local, cloud } => document["executions"] = json!({ "local": local, "cloud": cloud }),
        Outcome::Failed { mode, failure } => {
            document["mode"] = json!(mode.as_str());
            document["reason"] = json!(failure);
        }
        Outcome::Skipped(reason) => document["reason"] = json!(reason),
    }
    document
}

fn aspect(compared: &Compared) -> Value {
    let (finding, difference) = match &compared.finding {
        Finding::Same => ("same", None),
        Finding::Unknown => ("unknown", None),
        Finding::Order(difference) => ("order", Some(difference)),
        Finding::Differs(difference) => ("differs", Some(difference)),
    };
    json!({
        "aspect": compared.aspect.as_str(),
        "finding": finding,
        "local": compared.local,
        "cloud": compared.cloud,
        "difference": difference.map(sides),
    })
}

fn sides(difference: &Difference) -> Value {
    json!({ "before": difference.before, "local": difference.local, "cloud": difference.cloud })
}
