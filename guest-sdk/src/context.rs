//! The contexts that operations are counted in, and Lambda's own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::BoxError;
use crate::batch::Branch;
use crate::bindings::host::{self, Invocation};
use crate::builders::{
    ChildBuilder, CreateCallbackBuilder, InvokeBuilder, JoinAllBuilder, MapBuilder, ParallelBuilder, RaceBuilder,
    SelectOkBuilder, StepBuilder, TryJoinAllBuilder, WaitBuilder, WaitForCallbackBuilder, WaitForConditionBuilder,
    WithRetryBuilder,
};
use crate::future::DurableFuture;
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
    pub(crate) arn: Arc<str>,
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
        let execution = Arc::new(Execution { arn: execution_arn.into(), lambda });
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

    /// Leaves out the next `count` positions, which an earlier invocation took.
    pub(crate) fn skip(&self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.0.claimed.fetch_add(count, Ordering::Relaxed);
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

    /// Runs `block` in a context of its own until it succeeds: when it fails, all of it is tried
    /// again by the builder's strategy, with nothing of the failed attempt kept.
    ///
    /// ```no_run
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let booked: u32 = ctx
    ///     .with_retry(|attempt| async move {
    ///         let seat = attempt.step(|_| async { Ok(7) }).name("reserve").await?;
    ///         Ok(attempt.step(move |_| async move { Ok(seat) }).name("confirm").await?)
    ///     })
    ///     .name("booking")
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn with_retry<O, F, Fut>(&self, block: F) -> WithRetryBuilder<O, F, Fut>
    where
        F: Fn(DurableContext) -> Fut + 'static,
        Fut: Future<Output = Result<O, BoxError>> + 'static,
        O: 'static,
    {
        WithRetryBuilder::new(Place::next(self), block)
    }

    /// Invokes another function, by name or ARN, with a qualifier or without, and waits for its
    /// result. The function may be durable, and then take up to a year.
    ///
    /// ```no_run
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let paid: bool = ctx.invoke::<bool, _>("payments:live", 42).name("pay").await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn invoke<O, I>(&self, function: impl Into<String>, input: I) -> InvokeBuilder<O, I>
    where
        O: 'static,
        I: 'static,
    {
        InvokeBuilder::new(Place::next(self), function.into(), input)
    }

    /// Makes a callback, which somebody outside ends by its id.
    ///
    /// ```no_run
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let callback = ctx.create_callback::<bool>().name("approval").await?;
    /// let id = callback.id().to_owned();
    /// ctx.step(move |_| async move { Ok(println!("answer with {id}")) }).name("ask").await?;
    /// let approved = callback.result().await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn create_callback<O: 'static>(&self) -> CreateCallbackBuilder<O> {
        CreateCallbackBuilder::new(Place::next(self))
    }

    /// Makes a callback, tells somebody its id in a step, and waits for the answer.
    ///
    /// ```no_run
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let approved: bool = ctx
    ///     .wait_for_callback(|_, id| async move { Ok(println!("answer with {id}")) })
    ///     .name("approval")
    ///     .timeout(std::time::Duration::from_secs(3600))
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn wait_for_callback<O, F, Fut>(&self, submitter: F) -> WaitForCallbackBuilder<O, F, Fut>
    where
        F: FnOnce(StepContext, String) -> Fut + 'static,
        Fut: Future<Output = Result<(), BoxError>> + 'static,
        O: DeserializeOwned + 'static,
    {
        WaitForCallbackBuilder::new(Place::next(self), submitter)
    }

    /// Runs `check` again and again, each time with the state that it returned last, until the
    /// builder's strategy takes it. Between checks nothing runs.
    ///
    /// ```no_run
    /// # use durabox_sdk::builders::wait_for_condition::WaitStrategy;
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let done = WaitStrategy::builder(|progress: &u32| *progress >= 100).build();
    /// let progress = ctx
    ///     .wait_for_condition(|_, progress: u32| async move { Ok(progress + 25) }, 0)
    ///     .wait_strategy(done)
    ///     .name("export")
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn wait_for_condition<S, F, Fut>(&self, check: F, initial_state: S) -> WaitForConditionBuilder<S, F, Fut>
    where
        F: Fn(StepContext, S) -> Fut + 'static,
        Fut: Future<Output = Result<S, BoxError>> + 'static,
        S: Clone + 'static,
    {
        WaitForConditionBuilder::new(Place::next(self), check, initial_state)
    }

    /// Runs `body` for each item, side by side, each in a context of its own.
    ///
    /// ```no_run
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let squares: Vec<u32> = ctx
    ///     .map([1, 2, 3], |item, n: u32, _| async move { Ok(item.step(move |_| async move { Ok(n * n) }).await?) })
    ///     .name("squares")
    ///     .max_concurrency(2)
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn map<Items, I, O, F, Fut>(&self, items: Items, body: F) -> MapBuilder<I, O, F, Fut>
    where
        Items: IntoIterator<Item = I>,
        F: Fn(DurableContext, I, usize) -> Fut + 'static,
        Fut: Future<Output = Result<O, BoxError>> + 'static,
        I: 'static,
        O: 'static,
    {
        MapBuilder::new(Place::next(self), items.into_iter().collect(), body)
    }

    /// Runs branches side by side, each in a context of its own.
    ///
    /// ```no_run
    /// # use durabox_sdk::Branch;
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let found: Vec<u32> = ctx
    ///     .parallel([
    ///         Branch::new("stock", |ctx| async move { Ok(ctx.step(|_| async { Ok(3) }).await?) }),
    ///         Branch::new("price", |ctx| async move { Ok(ctx.step(|_| async { Ok(99) }).await?) }),
    ///     ])
    ///     .name("look-up")
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn parallel<O: 'static>(&self, branches: impl IntoIterator<Item = Branch<O>>) -> ParallelBuilder<O> {
        ParallelBuilder::new(Place::next(self), branches.into_iter().collect())
    }

    /// Waits for all futures, or for the first that fails.
    ///
    /// ```no_run
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let a = ctx.step(|_| async { Ok(1) }).future();
    /// let b = ctx.step(|_| async { Ok(2) }).future();
    /// let both: Vec<u32> = ctx.try_join_all([a, b]).name("both").await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn try_join_all<O: 'static>(
        &self,
        futures: impl IntoIterator<Item = DurableFuture<O>>,
    ) -> TryJoinAllBuilder<O> {
        TryJoinAllBuilder::new(Place::next(self), futures.into_iter().collect())
    }

    /// Waits for all futures, however they end.
    ///
    /// ```no_run
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let a = ctx.step(|_| async { Ok(1) }).future();
    /// let b = ctx.step(|_| async { Ok(2) }).future();
    /// let ended: Vec<durabox_sdk::Settled<u32>> = ctx.join_all([a, b]).await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn join_all<O: 'static>(&self, futures: impl IntoIterator<Item = DurableFuture<O>>) -> JoinAllBuilder<O> {
        JoinAllBuilder::new(Place::next(self), futures.into_iter().collect())
    }

    /// Waits for the first future that succeeds, and gives up the others.
    ///
    /// ```no_run
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let a = ctx.step(|_| async { Ok(1) }).future();
    /// let b = ctx.step(|_| async { Ok(2) }).future();
    /// let any: u32 = ctx.select_ok([a, b]).await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn select_ok<O: 'static>(&self, futures: impl IntoIterator<Item = DurableFuture<O>>) -> SelectOkBuilder<O> {
        SelectOkBuilder::new(Place::next(self), futures.into_iter().collect())
    }

    /// Waits for the first future that ends, and gives up the others.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn handler(_: (), ctx: durabox_sdk::DurableContext) -> Result<(), durabox_sdk::BoxError> {
    /// let callback = ctx.create_callback::<()>().name("cancel").await?.result();
    /// let timer = ctx.wait(Duration::from_secs(3600)).future();
    /// ctx.race([callback, timer]).name("cancelled or late").await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn race<O: 'static>(&self, futures: impl IntoIterator<Item = DurableFuture<O>>) -> RaceBuilder<O> {
        RaceBuilder::new(Place::next(self), futures.into_iter().collect())
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
