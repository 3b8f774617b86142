//! Answers by hand: a run that somebody controls holds its clock while a callback is open.

use durabox_engine::replay::CallSite;
use durabox_engine::service::CallbackError;
use durabox_model::ErrorObject;
use tokio::sync::{mpsc, oneshot};

use super::{CallbackAction, CallbackSelector, OpenCallback};

/// Returns both ends of the control of one run.
///
/// While any clone of [`Controls`] lives, virtual time stands still as long as a callback is open,
/// no answer given before the run is still to come for it, and it was not released. In real time
/// nothing is held, and commands are obeyed as they come. Commands are obeyed when nothing is ready
/// to run.
pub fn controls() -> (Controls, Commands) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Controls(sender), Commands(Some(receiver)))
}

/// Answers the callbacks of a run as it goes on; clones control the same run.
#[derive(Clone, Debug)]
pub struct Controls(mpsc::UnboundedSender<Command>);

/// The run's end of [`Controls`].
#[derive(Debug)]
pub struct Commands(Option<mpsc::UnboundedReceiver<Command>>);

/// Why a callback was not found, or not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The run is over.
    #[error("the run is over")]
    Over,
    /// The run goes on no further without an answer, and the callback has not started.
    #[error("callback `{asked}` has not started, and the run waits for {}", list(.held))]
    NotStarted {
        /// What was waited for.
        asked: String,
        /// The callbacks that hold the run.
        held: Vec<String>,
    },
    /// No callback of this name or id has started yet.
    #[error("no callback `{asked}` has started; {}", those(.started))]
    Unknown {
        /// What was asked for.
        asked: String,
        /// The callbacks that have started.
        started: Vec<String>,
    },
    /// The callback takes no such answer, or none any more.
    #[error("{reason}{}", made_at(.site.as_ref()))]
    Refused {
        /// Why.
        reason: CallbackError,
        /// Where the callback was asked for.
        site: Option<CallSite>,
    },
}

fn made_at(site: Option<&CallSite>) -> String {
    site.map(|site| format!(" (made at {site})")).unwrap_or_default()
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn those(names: &[String]) -> String {
    if names.is_empty() { "there is none yet".into() } else { format!("those that have: {}", list(names)) }
}

impl Controls {
    /// Lets the run go on until such a callback is open and nothing is ready to run.
    ///
    /// Time goes on meanwhile, but not past the timeout of a callback that is held: then it is
    /// [`ControlError::NotStarted`].
    pub async fn wait_for_callback(&self, callback: impl Into<CallbackSelector>) -> Result<OpenCallback, ControlError> {
        let callback = callback.into();
        self.send(|reply| Command::Wait(Waiter { callback, reply })).await
    }

    /// Ends a callback with a result, the bytes that the caller would send.
    pub async fn succeed(
        &self,
        callback: impl Into<CallbackSelector>,
        result: Option<String>,
    ) -> Result<(), ControlError> {
        self.answer(callback.into(), CallbackAction::Success(result)).await
    }

    /// Ends a callback with an error.
    pub async fn fail(&self, callback: impl Into<CallbackSelector>, error: ErrorObject) -> Result<(), ControlError> {
        self.answer(callback.into(), CallbackAction::Failure(error)).await
    }

    /// Starts the heartbeat timeout of a callback anew.
    pub async fn heartbeat(&self, callback: impl Into<CallbackSelector>) -> Result<(), ControlError> {
        self.answer(callback.into(), CallbackAction::Heartbeat).await
    }

    /// Lets time go on while this callback is open, to its timeout if it has one.
    pub async fn release(&self, callback: impl Into<CallbackSelector>) -> Result<(), ControlError> {
        let callback = callback.into();
        self.send(|reply| Command::Release { callback, reply }).await
    }

    /// Stops the run's own execution: it is STOPPED at once, and what it invoked goes on.
    pub async fn stop(&self, error: Option<ErrorObject>) -> Result<(), ControlError> {
        self.send(|reply| Command::Stop { error, reply }).await
    }

    async fn answer(&self, callback: CallbackSelector, action: CallbackAction) -> Result<(), ControlError> {
        self.send(|reply| Command::Answer { callback, action, reply }).await
    }

    async fn send<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, ControlError> {
        let (reply, answer) = oneshot::channel();
        self.0.send(command(reply)).map_err(|_| ControlError::Over)?;
        answer.await.unwrap_or(Err(ControlError::Over))
    }
}

/// Where the answer to a command goes; that nobody waits for it any more is no error.
pub(super) type Reply<T> = oneshot::Sender<Result<T, ControlError>>;

/// What somebody asks of the run.
#[derive(Debug)]
pub(super) enum Command {
    Wait(Waiter),
    Answer { callback: CallbackSelector, action: CallbackAction, reply: Reply<()> },
    Release { callback: CallbackSelector, reply: Reply<()> },
    Stop { error: Option<ErrorObject>, reply: Reply<()> },
}

/// Somebody who waits for a callback to open.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) callback: CallbackSelector,
    pub(super) reply: Reply<OpenCallback>,
}

impl Commands {
    /// Returns the commands of a run that nobody controls.
    pub(super) const fn none() -> Self {
        Self(None)
    }

    /// Whether somebody may still send one.
    pub(super) const fn is_connected(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the next command if one has come.
    pub(super) fn poll(&mut self) -> Option<Command> {
        let receiver = self.0.as_mut()?;
        match receiver.try_recv() {
            Ok(command) => Some(command),
            Err(mpsc::error::TryRecvError::Empty) => None,
            Err(mpsc::error::TryRecvError::Disconnected) => {
                self.0 = None;
                None
            }
        }
    }

    /// Waits for the next command; `None` when nobody is left to send one.
    pub(super) async fn next(&mut self) -> Option<Command> {
        let command = self.0.as_mut()?.recv().await;
        if command.is_none() {
            self.0 = None;
        }
        command
    }
}
