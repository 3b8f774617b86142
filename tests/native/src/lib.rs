//! Source compatibility, proven: a handler that was written for `durabox-sdk` is compiled here, without a change,
//! against the official SDK, and run by the official `LocalRunner`.
//!
//! `build.rs` makes a module of each handler in [`cases::COMPARED`]. The test of this package runs the same handlers
//! in durabox and compares the records.

pub mod cases;
pub mod known;
mod official;
pub mod record;

use cases::Case;
use record::Records;

mod handlers {
    #![allow(missing_docs, dead_code, unused_imports, clippy::all, clippy::unwrap_used)]

    include!(concat!(env!("OUT_DIR"), "/handlers.rs"));
}

/// Runs a case by the official SDK.
///
/// Its runner has no clock: all timers that are open at the end of an invocation fire at once.
pub fn run_officially(case: &Case) -> Records {
    handlers::run(case)
}
