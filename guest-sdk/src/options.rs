//! What a handler may set for itself.

use std::fmt;
use std::time::Duration;

/// How a handler is run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    pub(crate) replay_logging: bool,
}

impl Options {
    /// Returns a builder that holds the defaults.
    pub fn builder() -> OptionsBuilder {
        OptionsBuilder::default()
    }
}

/// Builds [`Options`].
#[derive(Clone, Debug, Default)]
#[must_use]
#[non_exhaustive]
pub struct OptionsBuilder(Options);

impl OptionsBuilder {
    /// Sets whether lines that handler code logs are kept while it replays; `false` by default.
    pub fn replay_logging(mut self, keep: bool) -> Self {
        self.0.replay_logging = keep;
        self
    }

    /// Takes what the official SDK takes, and leaves it at that: the host decides when to checkpoint,
    /// and waits for nothing that might come.
    pub fn checkpoint_delay(self, _: Duration) -> Self {
        self
    }

    /// Takes what the official SDK takes, and leaves it at that: the host sends what is there at once
    /// in one checkpoint.
    pub fn checkpoint_batching(self, _: bool) -> Self {
        self
    }

    /// Returns the options. It cannot fail: an error has no values here.
    pub fn build(self) -> Result<Options, OptionsValidationError> {
        Ok(self.0)
    }
}

/// Why options cannot be. The official SDK refuses two AWS clients at once; a handler here has none,
/// so that there is no such error.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum OptionsValidationError {}

impl fmt::Display for OptionsValidationError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for OptionsValidationError {}
