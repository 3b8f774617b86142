//! Lambda for durable functions on one machine.

pub mod process;
