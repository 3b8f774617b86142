//! Futures of one kind that run side by side, each in a task of its own.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use crate::executor::{self, TaskId};

/// A set of tasks, known by number. Dropping it aborts those that have not ended.
pub(crate) struct Tasks<T> {
    running: BTreeMap<usize, TaskId>,
    ended: Rc<RefCell<Ended<T>>>,
}

struct Ended<T> {
    outputs: VecDeque<(usize, T)>,
    waiting: Option<Waker>,
}

impl<T> Tasks<T> {
    pub(crate) fn new() -> Self {
        let ended = Rc::new(RefCell::new(Ended { outputs: VecDeque::new(), waiting: None }));
        Self { running: BTreeMap::new(), ended }
    }

    /// Starts a task whose code belongs to `scope`.
    pub(crate) fn spawn(&mut self, number: usize, scope: u32, future: impl Future<Output = T> + 'static)
    where
        T: 'static,
    {
        let ended = Rc::clone(&self.ended);
        // Boxed here: an async block would keep it twice, once as what it captured.
        let mut future = Box::pin(future);
        let task = executor::spawn(
            scope,
            poll_fn(move |cx| {
                let output = ready!(future.as_mut().poll(cx));
                let waiting = {
                    let mut ended = ended.borrow_mut();
                    ended.outputs.push_back((number, output));
                    ended.waiting.take()
                };
                if let Some(waker) = waiting {
                    waker.wake();
                }
                Poll::Ready(())
            }),
        );
        self.running.insert(number, task);
    }

    /// Returns how many have not been taken by [`Tasks::next`].
    pub(crate) fn len(&self) -> usize {
        self.running.len()
    }

    /// Whether all of them have ended.
    pub(crate) fn are_over(&self) -> bool {
        self.ended.borrow().outputs.len() == self.running.len()
    }

    /// Waits for the next to end; they come in the order in which they end.
    pub(crate) async fn next(&mut self) -> (usize, T) {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Returns the next that has ended, or has `cx` woken when one does.
    pub(crate) fn poll_next(&mut self, cx: &Context<'_>) -> Poll<(usize, T)> {
        let mut ended = self.ended.borrow_mut();
        if let Some((number, output)) = ended.outputs.pop_front() {
            self.running.remove(&number);
            return Poll::Ready((number, output));
        }
        let previous = ended.waiting.replace(cx.waker().clone());
        // A waker may come back here when it is dropped.
        drop(ended);
        drop(previous);
        Poll::Pending
    }
}

impl<T> Drop for Tasks<T> {
    fn drop(&mut self) {
        for task in std::mem::take(&mut self.running).into_values() {
            executor::abort(task);
        }
    }
}
