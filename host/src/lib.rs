//! Runs, tests and replays durable handlers for AWS Lambda that are compiled to WebAssembly.
//!
//! In a test, [`LocalRunner`] builds a handler by its name and runs it to its end in virtual time:
//!
//! ```no_run
//! use durabox::LocalRunner;
//!
//! let result = LocalRunner::new("order").run_blocking(&serde_json::json!({ "id": 42 })).expect("a run");
//! assert_eq!(result.output::<String>().expect("a receipt"), "r-42");
//! assert_eq!(result.operation("charge").expect("the step").step_details.as_ref().map(|step| step.attempt), Some(3));
//! ```
//!
//! The parts: [`workspace`] finds handlers, [`handlers`] builds them, [`runner`] runs them in
//! tests, [`render`] turns what came of it into text and JSON. The command `durabox` is made of the
//! same parts.

pub mod handlers;
pub mod near;
pub mod render;
pub mod runner;
pub mod siblings;
pub mod source;
pub mod state_dir;
pub mod workspace;

pub use durabox_runtime as runtime;
pub use durabox_runtime::local::{CallbackAction, CallbackAnswer, CallbackSelector, MockCall, OpenCallback};
pub use durabox_runtime::model::ErrorObject;
pub use durabox_runtime::sandbox::{Policy, Preopen};
pub use runner::{LocalRunner, RunError, RunningExecution, TestResult, block_on};
