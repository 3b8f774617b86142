//! Errors for people: what, both sides, and what to do. Only the command makes them.

use std::error::Error;
use std::fmt;
use std::path::Path;

use durabox::handlers::BuildError;
use durabox::near;
use durabox::package::PackageError;
use durabox::package::bootstrap::BootstrapError;
use durabox::workspace::WorkspaceError;
use durabox::{CloudError, RunError};
use durabox_runtime::ArtifactError;
use durabox_runtime::local::LocalError;
use durabox_runtime::store::StoreError;
use durabox_runtime::verify::RecordedError;
use durabox_server::ServerError;

use crate::exit_code;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub struct CliError {
    /// Whose fault it is, which decides the exit code.
    pub kind: Kind,
    /// What went wrong; further lines stand below it, indented.
    pub source: Box<dyn Error + Send + Sync>,
    /// What to do about it.
    pub hints: Vec<String>,
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command line's or the input's.
    Usage,
    /// The handler's source's.
    Build,
    /// The artifact's, the store's, or that of the machine around them.
    Store,
}

impl CliError {
    /// Returns an error of the command line or the input.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, source: message.into().into(), hints: Vec::new() }
    }

    /// Returns an error of files and directories.
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        let message = format!("{doing} {} failed: {error}", path.display());
        Self { kind: Kind::Store, source: message.into(), hints: Vec::new() }
    }

    /// Adds something to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Returns what a person reads, without `error: ` before it.
    pub fn text(&self) -> String {
        let text = self.to_string();
        text.strip_prefix("error: ").map_or(text.clone(), str::to_owned)
    }

    /// Returns what the process ends with.
    pub const fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Usage => exit_code::USAGE,
            Kind::Build => exit_code::BUILD,
            Kind::Store => exit_code::STORE,
        }
    }

    fn new(kind: Kind, source: impl Error + Send + Sync + 'static, hints: Vec<String>) -> Self {
        Self { kind, source: Box::new(source), hints }
    }
}

/// Writes `error: …`, its causes, and the hints, as the whole of what a person reads.
impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.source.to_string();
        write!(f, "error: {said}")?;
        let mut cause = self.source.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some errors say their cause themselves.
            if !said.contains(&text) {
                write!(f, "\n  cause: {text}")?;
                said = text;
            }
            cause = error.source();
        }
        if !self.hints.is_empty() {
            writeln!(f)?;
        }
        for hint in &self.hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl From<CloudError> for CliError {
    fn from(error: CloudError) -> Self {
        let hints = error.hints();
        Self::new(Kind::Usage, error, hints)
    }
}

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Workspace(error) => error.into(),
            RunError::Build(error) => error.into(),
            RunError::Artifact(error) => error.into(),
            RunError::Local(error) => error.into(),
            RunError::Cloud(error) => (*error).into(),
            other => {
                let hints = other.hints();
                Self::new(Kind::Usage, other, hints)
            }
        }
    }
}

impl From<WorkspaceError> for CliError {
    fn from(error: WorkspaceError) -> Self {
        let hints = error.hints();
        Self::new(Kind::Usage, error, hints)
    }
}

impl From<BuildError> for CliError {
    fn from(error: BuildError) -> Self {
        let hints = error.hints();
        Self::new(Kind::Build, error, hints)
    }
}

impl From<ArtifactError> for CliError {
    fn from(error: ArtifactError) -> Self {
        let hints = error.hint().map(str::to_owned).into_iter().collect();
        Self::new(Kind::Store, error, hints)
    }
}

impl From<BootstrapError> for CliError {
    fn from(error: BootstrapError) -> Self {
        let hints = error.hints();
        let kind = match error {
            BootstrapError::Unreadable { .. } | BootstrapError::Unfit { .. } => Kind::Usage,
            _ => Kind::Build,
        };
        Self::new(kind, error, hints)
    }
}

impl From<PackageError> for CliError {
    fn from(error: PackageError) -> Self {
        let hints = error.hint().map(str::to_owned).into_iter().collect();
        Self::new(Kind::Store, error, hints)
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let hints = match &error {
            StoreError::Locked(_) => {
                vec![
                    "wait for the other durabox to end; `durabox run` does without the store with --no-save".to_owned(),
                ]
            }
            StoreError::Corrupt { path, .. } => vec![
                format!("nothing was changed; move it aside to begin a new one: mv {0} {0}.bad", path.display()),
                "run with --no-save to leave the store alone".to_owned(),
            ],
            StoreError::NewerSchema { .. } => {
                vec!["update durabox, or run with --no-save".to_owned()]
            }
            StoreError::NotFound { asked, kept } => {
                let mut hints = vec![near::hint(asked, "executions", kept.iter().map(String::as_str))];
                if !kept.is_empty() {
                    hints.push("`durabox history list` shows every execution that is kept".to_owned());
                }
                hints
            }
            StoreError::Io { .. } => vec!["run with --no-save to do without the store".to_owned()],
        };
        let kind = if matches!(error, StoreError::NotFound { .. }) { Kind::Usage } else { Kind::Store };
        Self::new(kind, error, hints)
    }
}

impl From<ServerError> for CliError {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Store(error) => error.into(),
            ServerError::Artifact(error) => error.into(),
            error @ ServerError::Function { .. } => {
                let hint = "move its .json in that directory aside to serve the others";
                Self::new(Kind::Store, error, vec![hint.to_owned()])
            }
            error @ ServerError::InUse { .. } => {
                let hints = [
                    "a `durabox serve` or another command runs it; --endpoint asks that one",
                    "--state-dir DIRECTORY or --memory serves others",
                ];
                Self::new(Kind::Store, error, hints.map(str::to_owned).to_vec())
            }
            error @ ServerError::Io { .. } => Self::new(Kind::Store, error, Vec::new()),
        }
    }
}

impl From<LocalError> for CliError {
    fn from(error: LocalError) -> Self {
        match error {
            LocalError::Store(error) => error.into(),
            error @ LocalError::Function { .. } => Self::new(Kind::Build, error, Vec::new()),
            other => Self::new(Kind::Usage, other, Vec::new()),
        }
    }
}

impl From<RecordedError> for CliError {
    fn from(error: RecordedError) -> Self {
        let hints = match &error {
            RecordedError::Malformed(_) => vec![
                "it takes a document of `durabox history export`, or the answer of \
                 `aws lambda get-durable-execution-history`"
                    .to_owned(),
            ],
            RecordedError::NoStart => vec!["read the history from its beginning, and all of its pages".to_owned()],
            RecordedError::Truncated(_) => vec!["pass --include-execution-data to the AWS CLI".to_owned()],
        };
        Self::new(Kind::Usage, error, hints)
    }
}
