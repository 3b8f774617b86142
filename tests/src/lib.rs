//! Under construction.

pub mod conformance;
