//! Functions that are processes of their own and speak the Lambda Runtime API, which is served here.
//!
//! A [`Processes`] is one version of a function: it starts processes as concurrent invocations need
//! them, hands each one event at a time, freezes it in between, and ends what crashes, takes too long
//! or grows too large, with the errors that Lambda answers. [`commands`] finds the command of a
//! runtime, [`code`] unpacks the zip of a function. Nothing here knows what a durable execution is.
//!
//! ```no_run
//! use durabox_server::process::{Invocation, ProcessConfig, Processes};
//!
//! # async fn run() -> Result<(), durabox_server::process::InvokeError> {
//! let hello = Processes::new(ProcessConfig::new("hello", ["./bootstrap"], "/srv/hello"));
//! let answer = hello.invoke(Invocation::new("8476a536", r#"{"name":"Ada"}"#)).await?;
//! hello.shutdown().await;
//! # drop(answer);
//! # Ok(())
//! # }
//! ```

pub mod code;
pub mod commands;

mod api;
mod config;
mod environment;
mod error;
mod exchange;
mod group;
mod guardian;
mod instance;
mod memory;
mod output;
mod pool;

pub use config::{IDLE_TIMEOUT, INIT_TIMEOUT, Invocation, LogSink, ProcessConfig, ProcessLine, Stream};
pub use error::{FailureKind, FunctionError, InvokeError};
pub use pool::{Processes, Room};
