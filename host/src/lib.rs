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
//! Callbacks are answered up front, by name, or by hand while virtual time stands still; invokes run
//! other handlers of the workspace, or mocks:
//!
//! ```no_run
//! use durabox::LocalRunner;
//!
//! let approved = LocalRunner::new("order")
//!     .with_mock("payment", &serde_json::json!({ "paid": true }))
//!     .with_callback_success("approval", "yes")
//!     .run_blocking(&serde_json::json!({ "id": 42 }))
//!     .expect("a run");
//! assert_eq!(approved.mock_calls().len(), 1);
//!
//! # async fn by_hand() -> Result<(), durabox::RunError> {
//! let mut running = LocalRunner::new("order").start(&serde_json::json!({ "id": 42 })).await?;
//! let open = running.wait_for_callback("approval").await?;
//! running.send_callback_heartbeat(&open.id).await?;
//! running.send_callback_success(&open.id, "yes").await?;
//! let result = running.wait_for_result().await?;
//! # drop(result);
//! # Ok(())
//! # }
//! ```
//!
//! A test made with [`test`](macro@test) runs locally or where its function is deployed, with the same
//! assertions; [`pages::local_and_cloud`] says how.
//!
//! ```no_run
//! use durabox::{DurableRunner, ExecutionStatus};
//!
//! #[durabox::test(handler = "hello_world", lambda_function_name = "hello world")]
//! async fn says_hello(runner: DurableRunner) {
//!     let result = runner.run("test").await?;
//!     assert_eq!(result.status(), ExecutionStatus::Succeeded);
//!     assert_eq!(result.output::<String>()?, "Hello World!");
//! }
//! ```
//!
//! The parts: [`workspace`] finds handlers, [`handlers`] builds them, [`runner`] runs them in
//! tests, [`cloud`] runs what is deployed, [`harness`] decides which, [`verify`] compares both,
//! [`package`] makes zips for Lambda, [`render`] turns what came of it into text and JSON. The command
//! `durabox` is made of the same parts.

pub mod cloud;
pub mod deploy;
pub mod golden;
pub mod handlers;
pub mod harness;
pub mod near;
pub mod package;
pub mod pages;
pub mod render;
pub mod runner;
pub mod siblings;
pub mod source;
pub mod state_dir;
pub mod verify;
pub mod workspace;

pub use cloud::{CloudError, CloudExecution, CloudRunner};
pub use durabox_macros::test;
pub use durabox_runtime as runtime;
pub use durabox_runtime::local::{CallbackAction, CallbackAnswer, CallbackSelector, Fault, MockCall, OpenCallback};
pub use durabox_runtime::model::ErrorObject;
pub use durabox_runtime::model::{ExecutionStatus, OperationStatus, OperationType};
pub use durabox_runtime::sandbox::{Policy, Preopen, StepCall};
pub use runner::{
    DurableExecution, DurableRunner, LocalRunner, Mode, OperationNode, RunError, RunRequest, RunningExecution,
    StartRequest, TestResult, block_on,
};
