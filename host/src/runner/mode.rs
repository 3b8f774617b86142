use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a test's executions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// In this process: sandboxed, in virtual time, without AWS.
    Local,
    /// Where the function is deployed.
    Cloud,
}

impl Mode {
    /// Returns the word for it: `local` or `cloud`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Cloud => "cloud",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
