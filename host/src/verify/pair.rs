use std::collections::BTreeSet;

use super::compare::{Comparison, compare};
use super::observed::Observed;
use crate::harness::{Record, Report, Verdict};
use crate::runner::Mode;

/// What the tests came to in one mode.
#[derive(Debug, Default)]
pub struct TestRun {
    /// What became of each test.
    pub reports: Vec<Report>,
    /// What the executions of the tests came to, in order of target, name and ordinal.
    pub records: Vec<Record>,
    /// What Cargo ended with, if that was no success.
    pub failure: Option<String>,
}

/// One execution that was to be compared, or one test that was not.
#[derive(Debug)]
pub struct Entry {
    /// The test target; empty for an execution that belongs to no test.
    pub target: String,
    /// The test's path, or the handler.
    pub test: String,
    /// Which of the test's executions it is, from 1.
    pub ordinal: usize,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an entry.
#[derive(Debug)]
pub enum Outcome {
    /// Both modes have an execution.
    Compared(Box<Pair>),
    /// The test made more executions in one mode than in the other.
    Count {
        /// So many locally.
        local: usize,
        /// So many in the cloud.
        cloud: usize,
    },
    /// The test failed in a mode.
    Failed {
        /// Which.
        mode: Mode,
        /// Why.
        failure: String,
    },
    /// There is nothing to compare, for this reason.
    Skipped(String),
}

/// An execution of each mode, and how they compare.
#[derive(Debug)]
pub struct Pair {
    /// The local one.
    pub local: Observed,
    /// The one in the cloud.
    pub cloud: Observed,
    /// How they compare.
    pub comparison: Comparison,
}

/// What an entry comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The modes agree.
    Equal,
    /// They do not.
    Differs,
    /// The test failed.
    Failed,
    /// Nothing was compared.
    Skipped,
}

impl Judgement {
    /// Returns the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "ok",
            Self::Differs => "differs",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Outcome {
    /// Compares two executions.
    pub fn compared(local: Observed, cloud: Observed) -> Self {
        let comparison = compare(&local, &cloud);
        Self::Compared(Box::new(Pair { local, cloud, comparison }))
    }

    /// Returns what it comes down to; `strict` takes another order of concurrent branches for a difference.
    pub fn judgement(&self, strict: bool) -> Judgement {
        match self {
            Self::Compared(pair) if pair.comparison.first_difference(strict).is_none() => Judgement::Equal,
            Self::Compared(_) | Self::Count { .. } => Judgement::Differs,
            Self::Failed { .. } => Judgement::Failed,
            Self::Skipped(_) => Judgement::Skipped,
        }
    }
}

impl Entry {
    /// Returns the test's name, and which of its executions it is unless that is the first.
    pub fn name(&self) -> String {
        match self.ordinal {
            0 | 1 => self.test.clone(),
            ordinal => format!("{} #{ordinal}", self.test),
        }
    }

    /// Returns its name with the target before it.
    pub fn full_name(&self) -> String {
        if self.target.is_empty() { self.name() } else { format!("{}::{}", self.target, self.name()) }
    }
}

/// How many entries came down to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The modes agree.
    pub equal: usize,
    /// They do not.
    pub differ: usize,
    /// The test failed.
    pub failed: usize,
    /// Nothing was compared.
    pub skipped: usize,
}

impl Tally {
    /// Counts entries.
    pub fn of(entries: &[Entry], strict: bool) -> Self {
        let mut tally = Self::default();
        for entry in entries {
            match entry.outcome.judgement(strict) {
                Judgement::Equal => tally.equal += 1,
                Judgement::Differs => tally.differ += 1,
                Judgement::Failed => tally.failed += 1,
                Judgement::Skipped => tally.skipped += 1,
            }
        }
        tally
    }
}

/// Pairs the executions of each test in the order in which it got their results.
pub fn pair(local: &TestRun, cloud: &TestRun) -> Vec<Entry> {
    let reports = local.reports.iter().chain(&cloud.reports);
    let tests: BTreeSet<Key<'_>> = reports.map(|one| (&*one.package, &*one.target, &*one.test)).collect();
    let mut entries: Vec<Entry> = tests.into_iter().flat_map(|key| of_test(key, local, cloud)).collect();
    for (mode, run) in [(Mode::Local, local), (Mode::Cloud, cloud)] {
        let is_told = |entry: &Entry| matches!(entry.outcome, Outcome::Failed { mode: one, .. } if one == mode);
        if let Some(failure) = run.failure.clone().filter(|_| !entries.iter().any(is_told)) {
            // Of a test that is not made with the attribute, or of a program of tests that did not come to its end.
            let outcome = Outcome::Failed { mode, failure };
            entries.push(Entry { target: String::new(), test: "cargo test".to_owned(), ordinal: 1, outcome });
        }
    }
    entries
}

/// Package, target and path of a test.
type Key<'a> = (&'a str, &'a str, &'a str);

fn of_test(key: Key<'_>, local: &TestRun, cloud: &TestRun) -> Vec<Entry> {
    let (_, target, test) = key;
    let entry = |ordinal, outcome| Entry { target: target.to_owned(), test: test.to_owned(), ordinal, outcome };
    let report =
        |run: &TestRun| run.reports.iter().find(|one| (&*one.package, &*one.target, &*one.test) == key).cloned();
    let records = |run: &TestRun| -> Vec<Observed> {
        let of_this = run.records.iter().filter(|one| (&*one.package, &*one.target, &*one.test) == key);
        of_this.map(|record| record.execution.clone()).collect()
    };
    let reports = [(Mode::Local, report(local)), (Mode::Cloud, report(cloud))];
    let failures = reports.iter().filter_map(|(mode, report)| {
        let failed = report.as_ref().filter(|report| !report.passed)?;
        let failure = failed.failure.clone().unwrap_or_else(|| "no reason is known".to_owned());
        Some(entry(1, Outcome::Failed { mode: *mode, failure }))
    });
    let mut entries: Vec<Entry> = failures.collect();
    let has_failed = !entries.is_empty();
    if let Some(reason) = reports.iter().find_map(|(mode, report)| not_run(*mode, report.as_ref())) {
        if !has_failed {
            entries.push(entry(1, Outcome::Skipped(reason)));
        }
        return entries;
    }
    let (local, cloud) = (records(local), records(cloud));
    let counts = (local.len(), cloud.len());
    for (ordinal, (local, cloud)) in (1..).zip(local.into_iter().zip(cloud)) {
        entries.push(entry(ordinal, Outcome::compared(local, cloud)));
    }
    // A test that failed may have ended before its other executions.
    match counts {
        (0, 0) if !has_failed => {
            entries.push(entry(1, Outcome::Skipped("it has no result of an execution".to_owned())))
        }
        (local, cloud) if local != cloud && !has_failed => {
            entries.push(entry(local.min(cloud) + 1, Outcome::Count { local, cloud }));
        }
        _ => {}
    }
    entries
}

/// Returns why a test did not run in a mode.
fn not_run(mode: Mode, report: Option<&Report>) -> Option<String> {
    let place = match mode {
        Mode::Local => "locally",
        Mode::Cloud => "in the cloud",
    };
    match report.map(|report| &report.verdict) {
        None => Some(format!("{place} it did not come to its end")),
        Some(Verdict::Skipped { because }) => Some(format!("{place}: {because}")),
        Some(Verdict::Local | Verdict::Cloud { .. }) => None,
    }
}
