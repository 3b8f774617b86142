//! The future of an operation.

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::error::OperationError;
use crate::executor::{self, TaskId};
use crate::operation::Place;

type Output<T> = Result<T, OperationError>;

/// An operation's result to come. Dropping it before its end gives the operation up.
#[must_use = "a lazy future does nothing until it is polled, and a spawned one is aborted when dropped"]
pub struct DurableFuture<T>(Kind<T>);

enum Kind<T> {
    Lazy(Pin<Box<dyn Future<Output = Output<T>>>>),
    Spawned(Spawned<T>),
}

struct Spawned<T> {
    task: TaskId,
    slot: Rc<RefCell<Slot<T>>>,
    /// Of the operation, while nobody else has taken the future on.
    place: Option<Place>,
}

struct Slot<T> {
    is_over: bool,
    output: Option<Output<T>>,
    waiting: Option<Waker>,
}

impl<T: 'static> DurableFuture<T> {
    pub(crate) fn lazy(future: impl Future<Output = Output<T>> + 'static) -> Self {
        Self(Kind::Lazy(Box::pin(future)))
    }

    /// Moves a lazy future into a task of its own, which runs whether this is polled or not.
    pub(crate) fn spawned(self, place: Place) -> Self {
        let Kind::Lazy(future) = self.0 else { return self };
        let scope = place.context.handle();
        let slot = Rc::new(RefCell::new(Slot { is_over: false, output: None, waiting: None }));
        let filled = Rc::clone(&slot);
        let task = executor::spawn(scope, async move {
            let output = future.await;
            let waiting = {
                let mut slot = filled.borrow_mut();
                slot.is_over = true;
                slot.output = Some(output);
                slot.waiting.take()
            };
            if let Some(waker) = waiting {
                waker.wake();
            }
        });
        Self(Kind::Spawned(Spawned { task, slot, place: Some(place) }))
    }
}

impl<T> Future for DurableFuture<T> {
    type Output = Output<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Kind::Lazy(future) => future.as_mut().poll(cx),
            Kind::Spawned(spawned) => {
                let mut slot = spawned.slot.borrow_mut();
                if let Some(output) = slot.output.take() {
                    return Poll::Ready(output);
                }
                let previous = slot.waiting.replace(cx.waker().clone());
                drop(slot);
                drop(previous);
                Poll::Pending
            }
        }
    }
}

impl<T> DurableFuture<T> {
    /// Takes the future on: that it is dropped before its end is meant.
    pub(crate) fn taken_on(mut self) -> Self {
        if let Kind::Spawned(spawned) = &mut self.0 {
            spawned.place = None;
        }
        self
    }
}

impl<T> Drop for Spawned<T> {
    fn drop(&mut self) {
        let is_over = self.slot.borrow().is_over;
        if let Some(place) = self.place.take().filter(|_| !is_over) {
            executor::left_running(&place);
        }
        executor::abort(self.task);
    }
}

impl<T> fmt::Debug for DurableFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Kind::Lazy(_) => "lazy",
            Kind::Spawned(_) => "spawned",
        };
        f.debug_tuple("DurableFuture").field(&kind).finish()
    }
}

/// How one of several futures ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Settled<O> {
    /// It succeeded.
    Fulfilled(O),
    /// It failed.
    Rejected(OperationError),
}
