//! An operation as the host knows it: claimed at a position, polled until it ends.

use std::future::poll_fn;
use std::panic::Location;
use std::task::{Context, Poll, Waker};

use crate::bindings::host::{self, CallSite, Outcome, Position, Recorded, Request, State};
use crate::context::DurableContext;
use crate::executor;

/// Where an operation stands, minted when its builder is made.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) context: DurableContext,
    pub(crate) name: Option<String>,
    index: u32,
    batch: Option<u32>,
    pub(crate) site: &'static Location<'static>,
}

impl Place {
    /// Takes the context's next position.
    #[track_caller]
    pub(crate) fn next(context: &DurableContext) -> Self {
        let (index, site) = (context.next_index(), Location::caller());
        Self { context: context.clone(), name: None, index, batch: None, site }
    }

    /// Takes the next position around a batch for one of its branches.
    pub(crate) fn branch(&self, batch: &Operation, name: Option<String>) -> Self {
        let mut place = Self { index: self.context.next_index(), batch: Some(batch.handle), ..self.clone() };
        place.name(name.unwrap_or_default());
        place
    }

    /// Takes the first position inside the operation that this place is of.
    pub(crate) fn inside(&self, operation: &Operation) -> Self {
        self.in_context(&self.context.child(operation.handle))
    }

    /// Takes the next position of another context, for the same line of source.
    pub(crate) fn in_context(&self, context: &DurableContext) -> Self {
        Self { context: context.clone(), name: None, index: context.next_index(), batch: None, site: self.site }
    }

    /// Takes the position after this one, for the same line of source.
    pub(crate) fn sibling(&self) -> Self {
        self.in_context(&self.context)
    }

    /// Names the operation; an empty name is none.
    pub(crate) fn name(&mut self, name: String) {
        self.name = Some(name).filter(|name| !name.is_empty());
    }

    /// Claims the operation. Starts nothing.
    pub(crate) fn claim(&self, request: Request<'_>) -> Claimed {
        let at = Position { context: self.context.handle(), index: self.index, batch: self.batch };
        let site = CallSite { file: self.site.file(), line: self.site.line(), column: self.site.column() };
        let host::Claimed { operation, recorded, settled } = host::claim(at, self.name.as_deref(), request, site);
        let operation = Operation { handle: operation, open: settled.is_none() };
        Claimed { operation, recorded, settled }
    }
}

/// What a claim finds.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) operation: Operation,
    pub(crate) recorded: Recorded,
    /// How the operation had ended, if it had.
    pub(crate) settled: Option<Outcome>,
}

impl Claimed {
    /// Waits until the operation needs something or has ended. Never [`State::Pending`].
    pub(crate) async fn next(&mut self) -> State {
        match self.settled.take() {
            Some(outcome) => State::Settled(outcome),
            None => self.operation.next().await,
        }
    }
}

/// A claimed operation. The host is told when it is dropped before its end.
#[derive(Debug)]
pub(crate) struct Operation {
    handle: u32,
    open: bool,
}

impl Operation {
    pub(crate) fn handle(&self) -> u32 {
        self.handle
    }

    /// Returns the id that the operation has in the record.
    pub(crate) fn id(&self) -> String {
        host::operation_id(self.handle)
    }

    /// Starts the operation, and says what it needs now.
    pub(crate) fn poll(&mut self) -> State {
        let state = host::poll(self.handle);
        if let State::Acknowledged | State::Settled(_) = state {
            self.open = false;
        }
        state
    }

    /// Waits until the operation needs something or has ended. Never [`State::Pending`].
    pub(crate) async fn next(&mut self) -> State {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Notes that the host has nothing to say until the next checkpoint: it need not be asked before.
    pub(crate) fn reported(&self) {
        executor::park(self.handle, Waker::noop());
    }

    /// Waits until what was reported is durable.
    ///
    /// # Panics
    ///
    /// If the host answers with something else, which breaks the contract.
    pub(crate) async fn acknowledged(&mut self) {
        match self.next().await {
            State::Acknowledged => {}
            state => panic!("a report is acknowledged, but the host answered {state:?}"),
        }
    }

    /// Waits for the end of the invocation: what was reported is only continued in another.
    pub(crate) fn park<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        executor::park(self.handle, cx.waker());
        Poll::Pending
    }

    fn poll_next(&mut self, cx: &Context<'_>) -> Poll<State> {
        // Whoever polls all of its futures whenever one wakes need not make the host hear of it.
        if executor::is_parked(self.handle, cx.waker()) {
            return Poll::Pending;
        }
        match self.poll() {
            State::Pending => {
                executor::park(self.handle, cx.waker());
                Poll::Pending
            }
            state => Poll::Ready(state),
        }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if self.open && !executor::is_suspended() {
            executor::forget(self.handle);
            host::abandon(self.handle);
        }
    }
}
