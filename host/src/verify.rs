//! Compares executions that ran locally with the same ones where the function is deployed.
//!
//! What is compared is what a handler decides: artifact, status, output, error, operations and history.
//! Timestamps, delays, ids of callbacks and request ids differ from run to run and are left out, and so
//! are invocations: Lambda invokes again when it suits it. Nothing here runs anything.

mod compare;
pub mod document;
pub mod junit;
mod observed;
mod pair;
pub mod text;

pub use compare::{Aspect, Compared, Comparison, Difference, Finding, compare};
pub use observed::{Artifact, Observed, ObservedOperation};
pub use pair::{Entry, Judgement, Outcome, Pair, Tally, TestRun, pair};

#[cfg(test)]
mod tests;
