//! The two pure state machines of durabox, which speak Lambda's checkpoint protocol to each other.
//!
//! * [`service`] is Lambda's half: tokens, validation, timers, the invocation life cycle, history.
//! * [`replay`] is the SDK's half: ids, claims, retries, batches, suspension.
//!
//! Neither does I/O, reads a clock, draws a random number or starts a thread: time is an argument,
//! and what the driver must do comes back as data.

mod protocol;

pub mod history;
pub mod replay;
pub mod service;

pub use protocol::{CheckpointOutput, CheckpointRequest, StatePage};
