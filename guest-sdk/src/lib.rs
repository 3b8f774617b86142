//! What durable handlers for AWS Lambda are written with.
//!
//! A handler is an async function whose steps and waits are recorded, so that it survives crashes
//! and can sleep for a year. It is compiled once to WebAssembly (`wasm32-wasip2`) and run by
//! durabox: in memory, in a debugger, or in Lambda.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use durabox_sdk as durable;
//!
//! #[derive(serde::Deserialize)]
//! struct Order {
//!     id: String,
//! }
//!
//! async fn handler(order: Order, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
//!     let receipt = ctx.step(move |_| async move { Ok(format!("charged {}", order.id)) }).name("charge").await?;
//!     ctx.wait(Duration::from_secs(365 * 24 * 60 * 60)).name("warranty").await?;
//!     Ok(receipt)
//! }
//!
//! fn main() {
//!     durable::run(handler)
//! }
//! ```
//!
//! * [`run`] is what `main` calls: it takes the invocation, runs the handler, and answers.
//! * [`DurableContext`] starts operations: [`step`](DurableContext::step),
//!   [`wait`](DurableContext::wait), [`run_in_child_context`](DurableContext::run_in_child_context).
//! * Each returns a builder of [`builders`], which is awaited, or turned into a [`DurableFuture`]
//!   for `join!` and its like, or spawned.
//! * A step's body asks other services with [`http`], and waits for any WASI pollable with [`io`].
//! * What fails is an [`OperationError`]; what a value looks like on the wire is a [`serdes::Serdes`].
//!
//! Code between operations must do the same on every replay; code in a step may do what it likes.
//! Everything that makes an execution durable (ids, checkpoints, replay, suspension) is the host's:
//! this crate keeps only what needs the author's closures. Off wasm it compiles, and does not run.

mod batch;
mod bindings;
mod callback;
mod child;
mod combinator;
mod context;
mod context_body;
mod error;
mod executor;
mod failure;
mod future;
pub mod http;
mod invoke;
pub mod io;
pub mod lambda_runtime;
mod log;
mod operation;
mod options;
mod retry;
mod run;
mod scope;
pub mod serdes;
mod step;
mod tasks;
mod terminals;
mod wait;
mod wait_for_callback;
mod wait_for_condition;
mod with_retry;

#[doc = include_str!("../README.md")]
pub mod differences {}

/// The builders that operations are made with, and what configures them.
pub mod builders {
    pub use crate::batch::{MapBuilder, ParallelBuilder};
    pub use crate::callback::CreateCallbackBuilder;
    pub use crate::child::ChildBuilder;
    pub use crate::combinator::{JoinAllBuilder, RaceBuilder, SelectOkBuilder, TryJoinAllBuilder};
    pub use crate::invoke::InvokeBuilder;
    pub use crate::retry::{JitterStrategy, RetryStrategyConfig, RetryStrategyConfigBuilder};
    pub use crate::step::StepBuilder;
    pub use crate::wait::WaitBuilder;
    pub use crate::wait_for_callback::WaitForCallbackBuilder;
    pub use crate::wait_for_condition::WaitForConditionBuilder;
    pub use crate::with_retry::WithRetryBuilder;

    /// Map and parallel: criteria and results.
    pub mod map_parallel {
        pub use crate::batch::{
            BatchError, BatchItem, BatchItemStatus, BatchResult, BatchStats, BatchStatus, BatchSummary,
            CompletionConfig, CompletionConfigBuilder, CompletionConfigValidationError, CompletionReason, MapBuilder,
            NestingMode, ParallelBuilder, SettledOutcome,
        };
    }

    /// Waits for a condition: strategies.
    pub mod wait_for_condition {
        pub use crate::wait_for_condition::{WaitDecision, WaitForConditionBuilder, WaitStrategy, WaitStrategyBuilder};
    }
}

pub use batch::Branch;
pub use callback::Callback;
pub use context::{DurableContext, LambdaContext};
pub use durabox_sdk_macros::main;
pub use error::{
    CallbackError, CallbackErrorKind, ChildContextError, ChildContextErrorKind, CombinatorError, CombinatorErrorKind,
    FunctionNotFound, InvokeError, InvokeErrorKind, JoinFailed, MaxChecksExceeded, OperationError, OperationErrorKind,
    RetriesExhausted, StepError, StepErrorKind, UnexpectedStatus, WaitError, WaitErrorKind, WaitForConditionError,
    WaitForConditionErrorKind,
};
pub use failure::{ReplayedFailure, TypedError, WireError};
pub use future::{DurableFuture, Settled};
pub use options::{Options, OptionsBuilder, OptionsValidationError};
pub use retry::RetryDecision;
pub use run::{run, run_with_options};
pub use serdes::{JsonSerdes, Serdes};
pub use step::{StepContext, StepSemantics};

/// Any error that a handler or a step may end with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
