//! An operation as the host knows it: claimed at a position, polled until it ends.

use std::future::poll_fn;
use std::panic::Location;
use std::task::{Context, Poll};

use crate::bindings::host::{self, CallSite, Outcome, Position, Request, State};
use crate::context::DurableContext;
use crate::executor;

/// Where an operation stands, minted when its builder is made.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) context: DurableContext,
    pub(crate) name: Option<String>,
    index: u32,
    site: &'static Location<'static>,
}

impl Place {
    /// Takes the context's next position.
    #[track_caller]
    pub(crate) fn next(context: &DurableContext) -> Self {
        Self { context: context.clone(), name: None, index: context.next_index(), site: Location::caller() }
    }

    /// Names the operation; an empty name is none.
    pub(crate) fn name(&mut self, name: String) {
        self.name = Some(name).filter(|name| !name.is_empty());
    }

    /// Claims the operation. Starts nothing.
    pub(crate) fn claim(&self, request: Request<'_>) -> Claim {
        let at = Position { context: self.context.handle(), index: self.index };
        let site = CallSite { file: self.site.file(), line: self.site.line(), column: self.site.column() };
        let claimed = host::claim(at, self.name.as_deref(), request, site);
        match claimed.settled {
            Some(outcome) => Claim::Settled(outcome),
            None => Claim::Open(Operation { handle: claimed.operation, open: true }),
        }
    }
}

/// What a claim finds.
pub(crate) enum Claim {
    /// The operation had ended.
    Settled(Outcome),
    /// It has not.
    Open(Operation),
}

/// A claimed operation that has not ended. The host is told when it is dropped before its end.
#[derive(Debug)]
pub(crate) struct Operation {
    handle: u32,
    open: bool,
}

impl Operation {
    pub(crate) fn handle(&self) -> u32 {
        self.handle
    }

    /// Waits until the operation needs something or has ended. Never [`State::Pending`].
    pub(crate) async fn next(&mut self) -> State {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &Context<'_>) -> Poll<State> {
        // Combinators poll all of their futures whenever one wakes: the host need not hear of it.
        if executor::is_parked(self.handle, cx.waker()) {
            return Poll::Pending;
        }
        let state = host::poll(self.handle);
        match state {
            State::Pending => {
                executor::park(self.handle, cx.waker());
                return Poll::Pending;
            }
            State::Acknowledged | State::Settled(_) => self.open = false,
            State::Run(_) | State::Interrupted(_) => {}
        }
        Poll::Ready(state)
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
