use std::fmt;
use std::str::FromStr;

/// Which mode a test run is made in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunnerMode {
    /// In this process.
    #[default]
    Local,
    /// Where the functions are deployed.
    Cloud,
    /// In this process, and in the cloud what cannot be had here.
    Auto,
}

impl RunnerMode {
    /// The variable that says which.
    pub const VARIABLE: &str = "DURABOX_RUNNER_MODE";

    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Local, Self::Cloud, Self::Auto];

    /// Returns the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Cloud => "cloud",
            Self::Auto => "auto",
        }
    }

    /// Returns what the environment says; local when it says nothing.
    pub fn from_environment() -> Result<Self, UnknownMode> {
        match std::env::var(Self::VARIABLE) {
            Ok(text) if !text.is_empty() => text.parse(),
            _ => Ok(Self::default()),
        }
    }
}

impl fmt::Display for RunnerMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RunnerMode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or_else(|| UnknownMode(text.to_owned()))
    }
}

/// Not a mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the runner mode is local, cloud or auto, got {0:?} (DURABOX_RUNNER_MODE, --runner-mode)")]
pub struct UnknownMode(String);
