//! Runs the branches of a batch: which may start, when it is complete, what it came to.
//!
//! Branches start in the order of the input as places become free; one that waits keeps its place.
//! Once a criterion is met, none starts, those that still run come to rest, and those that wait
//! are given up.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use super::branch::Running;
use super::completion::Tracker;
use super::result::{BatchItem, BatchItemStatus, BatchResult, CompletionReason};
use super::summary::{BatchSummary, Decision, Plan};
use super::{Kind, NestingMode, Settings};
use crate::BoxError;
use crate::bindings::host::{Outcome, Recorded, Request, State};
use crate::child;
use crate::context::DurableContext;
use crate::context_body::{self, Body};
use crate::error::{OperationError, Replayed};
use crate::executor;
use crate::failure::WireError;
use crate::operation::{Claimed, Place};
use crate::serdes::{self, Serdes, SerdesContext};
use crate::tasks::Tasks;

/// What runs for each item, once.
pub(super) struct Bodies<I, O> {
    items: Vec<Option<I>>,
    run: Box<dyn Fn(DurableContext, I, usize) -> Running<O>>,
}

impl<I, O> Bodies<I, O> {
    pub(super) fn new(items: Vec<I>, run: impl Fn(DurableContext, I, usize) -> Running<O> + 'static) -> Self {
        Self { items: items.into_iter().map(Some).collect(), run: Box::new(run) }
    }

    fn take(&mut self, index: usize) -> I {
        self.items[index].take().expect("a branch starts once")
    }
}

/// A claimed map or parallel.
pub(super) struct Batch<IS, RS> {
    place: Place,
    kind: Kind,
    claimed: Claimed,
    settings: Settings<Rc<IS>, RS>,
    ctx: SerdesContext,
}

impl<IS, RS> Batch<IS, RS> {
    pub(super) fn claim(place: Place, kind: Kind, settings: Settings<IS, RS>) -> Self {
        let claimed = place.claim(Request::Context(kind.sub_type));
        let ctx = SerdesContext::of(&place.context, &claimed.operation);
        let Settings { max_concurrency, completion, nesting, namer, serdes, result_serdes } = settings;
        let settings = Settings { max_concurrency, completion, nesting, namer, serdes: Rc::new(serdes), result_serdes };
        Self { place, kind, claimed, settings, ctx }
    }

    /// Says what cannot be asked for, with both sides and where it was.
    fn check(&self, items: usize) -> Result<(), OperationError> {
        let problem = match (self.settings.max_concurrency, &self.settings.completion) {
            (Some(0), _) => "max_concurrency takes 1 or more, or is left out for no limit, got 0".to_owned(),
            (_, Some(completion)) => match completion.check(items) {
                Ok(()) => return Ok(()),
                Err(problem) => problem,
            },
            (_, None) => return Ok(()),
        };
        let site = self.place.site;
        Err(child::internal(format!("{} at {}:{}: {problem}", self.kind.name, site.file(), site.line())))
    }

    fn is_sequential(&self, items: usize) -> bool {
        self.concurrency(items) == 1
    }

    fn concurrency(&self, items: usize) -> usize {
        self.settings.max_concurrency.unwrap_or(items).max(1)
    }

    fn name_of(&self, index: usize) -> Option<String> {
        self.settings.namer.as_ref().map(|namer| namer(index))
    }
}

impl<IS, RS> Batch<IS, RS>
where
    RS: Serdes<BatchSummary>,
    IS: 'static,
{
    /// Runs the batch to its end.
    pub(super) async fn run<I, O>(mut self, bodies: Bodies<I, O>) -> Result<BatchResult<O>, OperationError>
    where
        I: 'static,
        O: 'static,
        IS: Serdes<O>,
    {
        let items = bodies.items.len();
        self.check(items)?;
        match self.claimed.next().await {
            State::Settled(Outcome::Succeeded(payload)) => {
                let result = self.read(payload).await?;
                // As many positions as the run took: one to each item, or to each that started.
                let taken = if self.is_sequential(items) { result.items.len() } else { items };
                self.place.context.skip(taken);
                Ok(result)
            }
            State::Settled(Outcome::Failed(failed)) => {
                let replayed = Replayed::new(failed, self.claimed.operation.id());
                let error = child::failed(replayed.source());
                Err(replayed.error(error))
            }
            State::Run(attempt) => {
                let plan = match &attempt.carried {
                    Some(decision) => Some(Decision::read(decision, items).map_err(child::internal)?),
                    None => None,
                };
                let mut branches = Branches::new(&self, bodies, plan);
                branches.run(&self).await?;
                let (result, started) = branches.finish();
                let body = self.write(result, started).await?;
                context_body::rest(&mut self.claimed, body).await.map(|(result, _)| result)
            }
            state => context_body::unexpected(&state),
        }
    }

    async fn read<O>(&self, payload: Option<String>) -> Result<BatchResult<O>, OperationError>
    where
        IS: Serdes<O>,
    {
        let unreadable = |error: BoxError| child::internal(format!("deserialize result: {error}"));
        let summary = serdes::read(&self.settings.result_serdes, payload, self.ctx.clone()).await;
        let summary: BatchSummary = summary.map_err(unreadable)?;
        summary.read(&*self.settings.serdes, &self.ctx).await.map_err(unreadable)
    }

    async fn write<O>(&self, result: BatchResult<O>, started: usize) -> Result<Body<BatchResult<O>>, OperationError>
    where
        IS: Serdes<O>,
    {
        let unwritable = |error: BoxError| child::internal(format!("serialize result: {error}"));
        let decision = serde_json::to_string(&Decision::of(&result, started)).map_err(|e| unwritable(e.into()))?;
        let written = BatchSummary::write(result, &*self.settings.serdes, &self.ctx).await;
        let (summary, value) = written.map_err(unwritable)?;
        let payload =
            serdes::write(&self.settings.result_serdes, summary, self.ctx.clone()).await.map_err(unwritable)?;
        Ok(Body::Succeeded { value, payload, summary: Some(decision) })
    }
}

/// A branch that is claimed and has not started in this invocation.
struct Waiting {
    claimed: Claimed,
    name: Option<String>,
}

type Ended<O> = Result<BatchItem<O>, OperationError>;

/// The branches of one batch.
struct Branches<I, O, IS> {
    context: DurableContext,
    bodies: Rc<RefCell<Bodies<I, O>>>,
    serdes: Rc<IS>,
    plan: Option<Plan>,
    /// Claimed before any runs, unless they run one by one.
    claimed: Vec<Option<Waiting>>,
    next: usize,
    concurrency: usize,
    tasks: Tasks<Ended<O>>,
    tracker: Tracker,
    items: Vec<Option<BatchItem<O>>>,
    /// How many have ever been started, in this invocation or before: always the first ones.
    started: usize,
}

impl<I: 'static, O: 'static, IS: Serdes<O>> Branches<I, O, IS> {
    fn new<RS>(batch: &Batch<IS, RS>, bodies: Bodies<I, O>, plan: Option<Plan>) -> Self {
        let count = bodies.items.len();
        let completion = batch.settings.completion.clone().unwrap_or_default();
        Self {
            context: batch.place.context.clone(),
            bodies: Rc::new(RefCell::new(bodies)),
            serdes: Rc::clone(&batch.settings.serdes),
            plan,
            claimed: Vec::new(),
            next: 0,
            concurrency: batch.concurrency(count),
            tasks: Tasks::new(),
            tracker: Tracker::new(completion, count),
            items: (0..count).map(|_| None).collect(),
            started: 0,
        }
    }

    /// Runs branches until all have ended, or until a criterion is met and the rest is at rest.
    async fn run<RS>(&mut self, batch: &Batch<IS, RS>) -> Result<(), OperationError> {
        if self.concurrency > 1 {
            self.claimed = (0..self.items.len()).map(|index| Some(claim(batch, index))).collect();
            for index in 0..self.items.len() {
                self.replay(index).await?;
            }
        }
        loop {
            while self.may_start() {
                self.start_next(batch).await?;
            }
            if self.tasks.len() == 0 {
                return Ok(());
            }
            let ended = match self.is_complete() {
                true => next_or_idle(&mut self.tasks, batch.claimed.operation.handle()).await,
                false => Some(self.tasks.next().await),
            };
            let Some((index, ended)) = ended else { return Ok(()) };
            self.ended(index, ended?);
        }
    }

    /// Whether a criterion has been met. A plan knows already which branches there are.
    fn is_complete(&self) -> bool {
        self.plan.is_none() && self.tracker.reason.is_some()
    }

    fn may_start(&self) -> bool {
        !self.is_complete() && self.next < self.items.len() && self.tasks.len() < self.concurrency
    }

    /// Takes what the record has of a branch that ended before, ahead of anything that runs: the
    /// criteria see the same ends in the same order on every replay.
    async fn replay(&mut self, index: usize) -> Result<(), OperationError> {
        let Some(waiting) = &self.claimed[index] else { return Ok(()) };
        if waiting.claimed.recorded != Recorded::Absent {
            self.started = self.started.max(index + 1);
        }
        let is_admitted = self.plan.as_ref().is_none_or(|plan| plan.admits(index));
        if waiting.claimed.recorded == Recorded::Ended && is_admitted {
            self.start(index);
            let (index, ended) = self.tasks.next().await;
            self.ended(index, ended?);
        }
        Ok(())
    }

    async fn start_next<RS>(&mut self, batch: &Batch<IS, RS>) -> Result<(), OperationError> {
        let index = self.next;
        self.next += 1;
        let is_sequential = self.concurrency == 1;
        if let Some(plan) = self.plan.as_ref().filter(|plan| !plan.admits(index)) {
            // A branch that was started took a position, and has not ended: it is not in the result.
            if is_sequential && plan.started(index) {
                self.context.skip(1);
            }
            return Ok(());
        }
        if is_sequential {
            self.claimed.resize_with(index + 1, || None);
            self.claimed[index] = Some(claim(batch, index));
            self.replay(index).await?;
        }
        if self.items[index].is_none() {
            self.start(index);
        }
        Ok(())
    }

    /// Starts a branch in a task of its own.
    fn start(&mut self, index: usize) {
        let Some(Waiting { mut claimed, name }) = self.claimed[index].take() else { return };
        self.started = self.started.max(index + 1);
        let handle = claimed.operation.handle();
        // Started here and not in the task, so that branches start in the order of the input.
        let state = match claimed.settled.take() {
            Some(outcome) => State::Settled(outcome),
            None => claimed.operation.poll(),
        };
        let (context, serdes) = (self.context.clone(), Rc::clone(&self.serdes));
        let bodies = Rc::clone(&self.bodies);
        let ctx = SerdesContext::of(&context, &claimed.operation);
        self.tasks.spawn(index, handle, async move {
            let name = name.unwrap_or_default();
            match state {
                State::Run(_) => {
                    let running = {
                        let item = bodies.borrow_mut().take(index);
                        let child = context.child(handle);
                        (bodies.borrow().run)(child, item, index)
                    };
                    let body = child::write(running.await, &*serdes, &ctx).await;
                    match context_body::rest(&mut claimed, body).await {
                        Ok(((), payload)) => {
                            let value = child::read(&*serdes, Some(payload), ctx).await?;
                            Ok(BatchItem::succeeded(index, name, value))
                        }
                        Err(error) => {
                            let wire = error.wire().cloned().unwrap_or_else(|| WireError::of(&error, "Error"));
                            Ok(BatchItem::failed(index, name, wire))
                        }
                    }
                }
                State::Settled(Outcome::Succeeded(payload)) => {
                    let value = child::read(&*serdes, payload, ctx).await?;
                    Ok(BatchItem::succeeded(index, name, value))
                }
                State::Settled(Outcome::Failed(failed)) => {
                    let mut wire = WireError(failed.error);
                    wire.0.error_message.get_or_insert_with(|| "child failed".into());
                    Ok(BatchItem::failed(index, name, wire))
                }
                state => context_body::unexpected(&state),
            }
        });
    }

    fn ended(&mut self, index: usize, item: BatchItem<O>) {
        self.tracker.ended(index, item.status);
        self.items[index] = Some(item);
    }

    /// Returns what the batch came to, and how many branches were ever started.
    fn finish(self) -> (BatchResult<O>, usize) {
        let reason = match self.plan {
            Some(plan) => plan.reason,
            None => self.tracker.reason.unwrap_or(CompletionReason::AllCompleted),
        };
        let items: Vec<_> = self.items.into_iter().flatten().collect();
        debug_assert!(items.iter().all(|item| item.status != BatchItemStatus::Started));
        (BatchResult::new(items, reason), self.started)
    }
}

fn claim<IS, RS>(batch: &Batch<IS, RS>, index: usize) -> Waiting {
    let name = batch.name_of(index);
    let place = batch.place.branch(&batch.claimed.operation, name.clone());
    let sub_type = batch.kind.branch_sub_type;
    let claimed = place.claim(match batch.settings.nesting {
        NestingMode::Normal => Request::Context(sub_type),
        NestingMode::Flat => Request::VirtualContext(sub_type),
    });
    Waiting { claimed, name }
}

/// Waits for the next branch to end, or until none runs that does not wait.
async fn next_or_idle<T: 'static>(tasks: &mut Tasks<T>, batch: u32) -> Option<(usize, T)> {
    let mut next = pin!(tasks.next());
    let mut idle = pin!(executor::idle(batch));
    poll_fn(|cx| {
        if let Poll::Ready(ended) = next.as_mut().poll(cx) {
            return Poll::Ready(Some(ended));
        }
        idle.as_mut().poll(cx).map(|()| None)
    })
    .await
}
