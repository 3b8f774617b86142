//! Guesses why a build leaves a record, by comparing the recorded operations of a context with
//! those that the handler asked for, and by looking for names in the source.

use std::collections::HashMap;
use std::fmt;

use durabox_runtime::engine::replay::{CallSite, Identity};
use durabox_runtime::model::{Operation, SmolStr};
use durabox_runtime::sandbox::AmbientRead;
use durabox_runtime::verify::Report;

use super::operation::{title, title_of};
use crate::source::Sources;

/// A likely cause, with the operations' titles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The same name, another kind.
    Retyped {
        /// Title in the record.
        was: String,
        /// Title now.
        now: String,
    },
    /// The same kind, another name.
    Renamed {
        /// Title in the record.
        was: String,
        /// Title now.
        now: String,
    },
    /// An operation runs earlier than it did.
    Reordered {
        /// The one that runs earlier.
        moved: String,
        /// The one that it overtook.
        before: String,
    },
    /// The record has more.
    Removed(Vec<String>),
    /// The record has no such operation.
    Inserted(String),
    /// An operation of the record is asked for once more.
    Repeated(String),
    /// Another operation altogether.
    Replaced {
        /// Title in the record.
        was: String,
        /// Title now.
        now: String,
    },
    /// The handler decided by something that is not recorded.
    AmbientBranch {
        /// What was read, and where.
        read: String,
        /// What it led to.
        effect: Option<Box<Cause>>,
    },
    /// The same bytes under the same record behave in another way.
    NotDeterministic {
        /// What differs.
        effect: Option<Box<Cause>>,
    },
    /// The record was made by an SDK that names operations in another way.
    ForeignIds,
}

impl Cause {
    /// Returns one word for programs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Retyped { .. } => "retyped",
            Self::Renamed { .. } => "renamed",
            Self::Reordered { .. } => "reordered",
            Self::Removed(_) => "removed",
            Self::Inserted(_) => "inserted",
            Self::Repeated(_) => "repeated",
            Self::Replaced { .. } => "replaced",
            Self::AmbientBranch { .. } => "ambient-branch",
            Self::NotDeterministic { .. } => "not-deterministic",
            Self::ForeignIds => "foreign-ids",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retyped { was, now } => write!(f, "retyped: {was} has become {now}"),
            Self::Renamed { was, now } => write!(f, "renamed: {was} is now called {now}"),
            Self::Reordered { moved, before } => write!(f, "reordered: {moved} ran after {before} and now runs before it"),
            Self::Removed(titles) => match titles.as_slice() {
                [first, second, _, ..] => {
                    write!(f, "removed: {first}, {second} and {} more are no longer asked for", titles.len() - 2)
                }
                _ => write!(
                    f,
                    "removed: {} {} no longer asked for",
                    titles.join(" and "),
                    if titles.len() == 1 { "is" } else { "are" }
                ),
            },
            Self::Inserted(what) => write!(f, "inserted: {what} is not in the record"),
            Self::Repeated(what) => write!(f, "repeated: {what} is asked for once more than it was recorded"),
            Self::Replaced { was, now } => write!(f, "replaced: {now} stands where {was} was"),
            Self::AmbientBranch { read, effect } => {
                write!(f, "a branch on an ambient read: handler code read {read}")?;
                effect.as_ref().map_or(Ok(()), |effect| write!(f, "; {effect}"))
            }
            Self::NotDeterministic { effect } => {
                f.write_str("the handler is not deterministic: the same build, input and record took another way")?;
                effect.as_ref().map_or(Ok(()), |effect| write!(f, "; {effect}"))
            }
            Self::ForeignIds => f.write_str(
                "the record's operation ids are not those of the Rust SDK; it was made by a handler in another language",
            ),
        }
    }
}

/// What is known of the place where a build leaves a record.
pub(super) struct Scene<'a> {
    pub(super) recorded: Option<&'a Operation>,
    pub(super) claimed: Option<&'a Identity>,
    /// The recorded operations of the same context, in the handler's order.
    pub(super) siblings: &'a [&'a Operation],
    pub(super) report: &'a Report,
    pub(super) recorded_sites: &'a HashMap<SmolStr, CallSite>,
    pub(super) same_build: bool,
    /// Whether no id of the record is one that the Rust SDK makes.
    pub(super) foreign: bool,
    pub(super) sources: &'a Sources,
}

/// Returns the likely cause of a divergence, if one is likely.
pub(super) fn likely_cause(scene: &Scene<'_>) -> Option<Cause> {
    if scene.foreign {
        return Some(Cause::ForeignIds);
    }
    let effect = scene.change().map(Box::new);
    if let Some(read) = scene.read_before() {
        return Some(Cause::AmbientBranch { read, effect });
    }
    if scene.same_build {
        // Nothing was edited: of the words for edits only the order of things still fits.
        let effect = effect.filter(|effect| matches!(**effect, Cause::Reordered { .. }));
        return Some(Cause::NotDeterministic { effect });
    }
    effect.map(|effect| *effect)
}

impl Scene<'_> {
    /// Returns what an edit of the source would have to be.
    fn change(&self) -> Option<Cause> {
        match (self.recorded, self.claimed) {
            (Some(recorded), Some(claimed)) => Some(self.exchange(recorded, claimed)),
            (None, Some(claimed)) => Some(match self.siblings.iter().any(|sibling| is(sibling, claimed)) {
                true => Cause::Repeated(title_of_claim(claimed)),
                false => Cause::Inserted(title_of_claim(claimed)),
            }),
            (Some(recorded), None) => {
                let from = self.siblings.iter().position(|sibling| sibling.id == recorded.id).unwrap_or(0);
                Some(Cause::Removed(self.siblings[from..].iter().map(|sibling| title_of(sibling)).collect()))
            }
            (None, None) => None,
        }
    }

    fn exchange(&self, recorded: &Operation, claimed: &Identity) -> Cause {
        let (was, now) = (title_of(recorded), title_of_claim(claimed));
        let here = self.siblings.iter().position(|sibling| sibling.id == recorded.id).unwrap_or(0);
        let same_kind = recorded.operation_type == claimed.operation_type && recorded.sub_type == claimed.sub_type;
        if !same_kind && recorded.name.is_some() && recorded.name == claimed.name {
            return Cause::Retyped { was, now };
        }
        if let Some(distance) = self.siblings[here..].iter().position(|sibling| is(sibling, claimed)) {
            let skipped = &self.siblings[here..here + distance];
            // A name that is gone from the source was removed; one that is still there comes later.
            let gone =
                !self.same_build && skipped.iter().all(|sibling| self.is_in_source(sibling, claimed) == Some(false));
            return match gone {
                true => Cause::Removed(skipped.iter().map(|sibling| title_of(sibling)).collect()),
                false => Cause::Reordered { moved: now, before: was },
            };
        }
        if self.siblings[..here].iter().any(|sibling| is(sibling, claimed)) {
            return Cause::Repeated(now);
        }
        match (self.is_in_source(recorded, claimed), same_kind) {
            (Some(true), _) => Cause::Inserted(now),
            (_, true) => Cause::Renamed { was, now },
            (Some(false), false) => Cause::Replaced { was, now },
            (None, false) => match recorded.name.is_none() && claimed.name.is_none() {
                true => Cause::Retyped { was, now },
                false => Cause::Inserted(now),
            },
        }
    }

    /// Whether the source of this build still has the recorded operation's name.
    fn is_in_source(&self, recorded: &Operation, claimed: &Identity) -> Option<bool> {
        let name = recorded.name.as_deref()?;
        let now = claimed.site.as_ref().map(|site| site.file.as_str());
        let then = self.recorded_sites.get(&recorded.id).map(|site| site.file.as_str());
        let found: Vec<bool> =
            [now, then].into_iter().flatten().filter_map(|file| self.sources.mentions(file, name)).collect();
        if found.is_empty() { None } else { Some(found.contains(&true)) }
    }

    /// Returns the last read between the operation before this place and this place.
    fn read_before(&self) -> Option<String> {
        let claims = &self.report.claims;
        let before = match self.claimed {
            Some(claimed) => {
                let here = claims.iter().rposition(|claim| claim.path == claimed.path);
                here.and_then(|index| index.checked_sub(1)).and_then(|index| claims.get(index))
            }
            None => claims.last(),
        };
        let before_id = before.map(|claim| claim.id.as_str());
        let read = self.report.ambient_reads.iter().rev().find(|read| read.after.as_deref() == before_id)?;
        Some(describe(
            read,
            before.map(|claim| title(claim.operation_type, Some(&claim.sub_type), claim.name.as_deref())),
        ))
    }
}

/// Returns `the wall clock after STEP reserve (src/bin/order.rs:12)`.
pub fn describe(read: &AmbientRead, after: Option<String>) -> String {
    let times = if read.count > 1 { format!(", {} times,", read.count) } else { String::new() };
    let place = match (&read.site, after) {
        (Some(site), Some(after)) => format!("after {after} ({site})"),
        (Some(site), None) => format!("after the operation at {site}"),
        (None, Some(after)) => format!("after {after}"),
        (None, None) => "before its first operation".to_owned(),
    };
    format!("{}{times} {place}", read.what)
}

fn is(recorded: &Operation, claimed: &Identity) -> bool {
    recorded.operation_type == claimed.operation_type
        && recorded.sub_type == claimed.sub_type
        && recorded.name == claimed.name
}

fn title_of_claim(claimed: &Identity) -> String {
    title(claimed.operation_type, claimed.sub_type.as_deref(), claimed.name.as_deref())
}
