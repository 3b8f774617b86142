//! A wait: time that passes while nothing runs.

use std::future::IntoFuture;
use std::time::Duration;

use crate::bindings::host::{Outcome, Request, State};
use crate::error::{OperationError, WaitError};
use crate::future::DurableFuture;
use crate::operation::{Claim, Operation, Place};
use crate::retry::whole_seconds;

/// Makes a wait.
#[must_use = "a wait is not made until it is awaited, spawned or turned into a future"]
#[non_exhaustive]
#[derive(Debug)]
pub struct WaitBuilder {
    place: Place,
    duration: Duration,
}

impl WaitBuilder {
    pub(crate) fn new(place: Place, duration: Duration) -> Self {
        Self { place, duration }
    }

    /// Names the wait; 1 to 256 printable ASCII characters, an empty name is none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.place.name(name.into());
        self
    }

    /// Claims the wait; its time starts when the future is first polled.
    pub fn future(self) -> DurableFuture<()> {
        match self.place.claim(Request::Wait(whole_seconds(self.duration))) {
            Claim::Settled(outcome) => DurableFuture::lazy(async { settle(outcome) }),
            Claim::Open(operation) => DurableFuture::lazy(drive(operation)),
        }
    }

    /// Starts the wait in a task of its own, which is aborted when the future is dropped.
    pub fn spawn(self) -> DurableFuture<()> {
        let scope = self.place.context.handle();
        self.future().spawned(scope)
    }
}

impl IntoFuture for WaitBuilder {
    type Output = Result<(), OperationError>;
    type IntoFuture = DurableFuture<()>;

    fn into_future(self) -> DurableFuture<()> {
        self.future()
    }
}

async fn drive(mut operation: Operation) -> Result<(), OperationError> {
    match operation.next().await {
        State::Settled(outcome) => settle(outcome),
        state => panic!("a wait has nothing to run, but the host answered {state:?}"),
    }
}

fn settle(outcome: Outcome) -> Result<(), OperationError> {
    match outcome {
        Outcome::Succeeded(_) => Ok(()),
        Outcome::Failed(failed) => Err(WaitError::replayed(failed)),
    }
}
