use std::error::Error;
use std::fmt;

use crate::runner::RunError;

/// Why a test failed that did not panic: any error, which `?` passes on.
pub struct Failure(String);

impl Failure {
    /// Returns a failure with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Takes an error with its causes, and with its hints if it is one of ours.
impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        if let Some(ours) = (&error as &dyn std::any::Any).downcast_ref::<RunError>() {
            return Self(format!("{ours:?}"));
        }
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let said = error.to_string();
            if !text.contains(&said) {
                text.push_str(&format!("\n  cause: {said}"));
            }
            cause = error.source();
        }
        Self(text)
    }
}

/// Writes what a person reads: this is what a test that returns an error prints.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a test returns.
pub trait Outcome {
    /// Returns whether it passed.
    fn into_result(self) -> Result<(), Failure>;
}

impl Outcome for () {
    fn into_result(self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<E: fmt::Debug> Outcome for Result<(), E> {
    fn into_result(self) -> Result<(), Failure> {
        self.map_err(|error| Failure(format!("{error:?}")))
    }
}
