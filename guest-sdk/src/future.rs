//! The future of an operation.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::OperationError;
use crate::executor;
use crate::operation::Place;
use crate::tasks::Tasks;

type Output<T> = Result<T, OperationError>;

/// An operation's result to come. Dropping it before its end gives the operation up.
#[must_use = "a lazy future does nothing until it is polled, and a spawned one is aborted when dropped"]
pub struct DurableFuture<T>(Kind<T>);

enum Kind<T> {
    Lazy(Pin<Box<dyn Future<Output = Output<T>>>>),
    Spawned(Spawned<T>),
}

struct Spawned<T> {
    /// One.
    tasks: Tasks<Output<T>>,
    /// Of the operation, while nobody else has taken the future on.
    place: Option<Place>,
}

impl<T: 'static> DurableFuture<T> {
    pub(crate) fn lazy(future: impl Future<Output = Output<T>> + 'static) -> Self {
        Self(Kind::Lazy(Box::pin(future)))
    }

    /// Moves a lazy future into a task of its own, which runs whether this is polled or not.
    pub(crate) fn spawned(self, place: Place) -> Self {
        let Kind::Lazy(future) = self.0 else { return self };
        let scope = place.context.handle();
        let mut tasks = Tasks::new();
        tasks.spawn(0, scope, future);
        Self(Kind::Spawned(Spawned { tasks, place: Some(place) }))
    }
}

impl<T> Future for DurableFuture<T> {
    type Output = Output<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Kind::Lazy(future) => future.as_mut().poll(cx),
            Kind::Spawned(spawned) => spawned.tasks.poll_next(cx).map(|(_, output)| output),
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
        let is_over = self.tasks.are_over();
        if let Some(place) = self.place.take().filter(|_| !is_over) {
            executor::left_running(&place);
        }
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
