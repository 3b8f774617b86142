//! Turns executions, histories and divergences into text and JSON for people and programs.
//!
//! Everything here is a function of its arguments: no wall time, no terminal, no colour.

pub mod cause;
pub mod divergence;
pub mod document;
pub mod events;
pub mod operation;
pub mod summary;
pub mod text;
pub mod tree;
pub mod warnings;

#[cfg(test)]
mod tests;
