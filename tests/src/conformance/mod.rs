//! The official conformance suite of AWS durable execution, read and judged in Rust.
//!
//! The suite is a Python package: requirements in YAML, each an input, a history to expect and how it ends.
//! [`package`] fetches it, [`requirement`] reads one file of it, [`matcher`] compares an execution with it by the
//! suite's own rules and by stricter ones. Nothing here runs a handler or sends a callback.

mod logs;
pub mod matcher;
pub mod package;
mod python;
pub mod requirement;
#[cfg(test)]
mod tests;
mod variables;

pub use variables::Variables;
