//! What a handler may set for itself.

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
pub struct OptionsBuilder(Options);

impl OptionsBuilder {
    /// Sets whether lines that handler code logs are kept while it replays; `false` by default.
    pub fn replay_logging(mut self, keep: bool) -> Self {
        self.0.replay_logging = keep;
        self
    }

    /// Returns the options.
    pub fn build(self) -> Options {
        self.0
    }
}
