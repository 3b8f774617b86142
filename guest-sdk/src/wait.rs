//! A wait: time that passes while nothing runs.

use std::time::Duration;

use crate::bindings::host::{Outcome, Request, State};
use crate::error::{OperationError, Replayed, UnexpectedStatus, WaitError, WaitErrorKind};
use crate::future::DurableFuture;
use crate::operation::{Claimed, Place};
use crate::retry::whole_seconds;
use crate::terminals::terminals;

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

    fn start(self) -> DurableFuture<()> {
        let claimed = self.place.claim(Request::Wait(whole_seconds(self.duration)));
        DurableFuture::lazy(drive(claimed))
    }
}

terminals!([] WaitBuilder => (), where);

async fn drive(mut claimed: Claimed) -> Result<(), OperationError> {
    match claimed.next().await {
        State::Settled(Outcome::Succeeded(_)) => Ok(()),
        State::Settled(Outcome::Failed(failed)) => {
            let replayed = Replayed::new(failed, claimed.operation.id());
            let kind = WaitErrorKind::UnexpectedStatus(UnexpectedStatus(replayed.status));
            let error = WaitError::new(kind, replayed.source());
            Err(replayed.error(error))
        }
        state => panic!("a wait has nothing to run, but the host answered {state:?}"),
    }
}
