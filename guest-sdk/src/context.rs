//! The contexts that operations are counted in, and Lambda's own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::BoxError;
use crate::bindings::host::{self, Invocation};
use crate::builders::{ChildBuilder, StepBuilder, WaitBuilder};
use crate::operation::Place;
use crate::step::StepContext;

/// What a handler starts its operations with. Clones count together.
#[derive(Clone)]
pub struct DurableContext(Arc<Inner>);

struct Inner {
    handle: u32,
    claimed: AtomicU32,
    execution: Arc<Execution>,
}

/// What is the same for all contexts of an invocation.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) arn: String,
    lambda: LambdaContext,
}

/// The Lambda invocation that the handler runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LambdaContext {
    /// Lambda's request id of this invocation.
    pub request_id: String,
    /// ARN of the invoked function, with its qualifier.
    pub invoked_function_arn: String,
    /// When this invocation is cut off, in milliseconds since the epoch.
    pub deadline: u64,
}

impl DurableContext {
    /// Returns the execution's own context, and the input.
    pub(crate) fn root(invocation: Invocation) -> (Self, String) {
        let Invocation { execution_arn, input, request_id, function_arn, deadline_ms } = invocation;
        let lambda = LambdaContext { request_id, invoked_function_arn: function_arn, deadline: deadline_ms };
        let execution = Arc::new(Execution { arn: execution_arn, lambda });
        (Self::new(0, execution), input)
    }

    /// Returns the context that the operation `handle` opens.
    pub(crate) fn child(&self, handle: u32) -> Self {
        Self::new(handle, Arc::clone(&self.0.execution))
    }

    fn new(handle: u32, execution: Arc<Execution>) -> Self {
        Self(Arc::new(Inner { handle, claimed: AtomicU32::new(0), execution }))
    }

    pub(crate) fn handle(&self) -> u32 {
        self.0.handle
    }

    pub(crate) fn execution(&self) -> &Arc<Execution> {
        &self.0.execution
    }

    pub(crate) fn next_index(&self) -> u32 {
        self.0.claimed.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Runs `body` once, durably: what it returned is recorded, and on replay it does not run.
    ///
    /// A failed attempt is retried by the builder's strategy; each attempt is another invocation.
    ///
    /// ```no_run
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let total: u32 = ctx.step(|step| async move { Ok(40 + step.attempt()) }).name("add").await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn step<O, F, Fut>(&self, body: F) -> StepBuilder<O, F, Fut>
    where
        F: FnOnce(StepContext) -> Fut + 'static,
        Fut: Future<Output = Result<O, BoxError>> + 'static,
        O: 'static,
    {
        StepBuilder::new(Place::next(self), body)
    }

    /// Lets time pass: `duration`, rounded up to whole seconds, from 1 second to 366 days.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// ctx.wait(Duration::from_secs(60)).name("cool-down").await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn wait(&self, duration: Duration) -> WaitBuilder {
        WaitBuilder::new(Place::next(self), duration)
    }

    /// Runs `body` with a context of its own, whose result is recorded as one operation.
    ///
    /// ```no_run
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let paid: bool = ctx
    ///     .run_in_child_context(|child| async move { Ok(child.step(|_| async { Ok(true) }).name("charge").await?) })
    ///     .name("payment")
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn run_in_child_context<O, F, Fut>(&self, body: F) -> ChildBuilder<O, F, Fut>
    where
        F: FnOnce(DurableContext) -> Fut + 'static,
        Fut: Future<Output = Result<O, BoxError>> + 'static,
        O: 'static,
    {
        ChildBuilder::new(Place::next(self), body)
    }

    /// Whether the next operation of this context is already recorded.
    pub fn is_replaying(&self) -> bool {
        host::is_replaying(self.0.handle)
    }

    /// Returns the ARN of the durable execution.
    pub fn execution_arn(&self) -> &str {
        &self.0.execution.arn
    }

    /// Returns the Lambda invocation. It differs between invocations of one execution.
    pub fn lambda_context(&self) -> &LambdaContext {
        &self.0.execution.lambda
    }
}

impl fmt::Debug for DurableContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurableContext")
            .field("execution_arn", &self.0.execution.arn)
            .field("handle", &self.0.handle)
            .finish_non_exhaustive()
    }
}
