//! Answers to callbacks that are given before the run.

use std::time::Duration;

use durabox_model::ErrorObject;

/// Which callbacks are meant: a callback id, or a name in which `*` stands for any text.
///
/// A callback inside a `wait_for_callback` goes by the name of that operation too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackSelector(String);

impl CallbackSelector {
    /// Returns the selector of every callback, also of those without a name.
    pub fn any() -> Self {
        Self("*".into())
    }

    /// Returns the id or name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a callback with this id and name is meant.
    pub fn matches(&self, id: &str, name: Option<&str>) -> bool {
        self.0 == id || glob(self.0.as_bytes(), name.unwrap_or_default().as_bytes())
    }
}

impl<T: Into<String>> From<T> for CallbackSelector {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

/// Whether `pattern`, in which `*` stands for any text, is `text`.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    // Where to go on when what follows the last `*` does not fit.
    let (mut p, mut t, mut retry) = (0, 0, None);
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p + 1, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((after, from)) = retry {
            retry = Some((after, from + 1));
            (p, t) = (after, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// What is done to a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackAction {
    /// It ends with this result, the bytes that the caller would send.
    Success(Option<String>),
    /// It ends with this error.
    Failure(ErrorObject),
    /// Its heartbeat timeout starts anew.
    Heartbeat,
}

/// An answer that is given before the run, and used once.
///
/// When a callback starts it takes the first answers that are meant for it, in the order in which
/// they were given: any number of heartbeats, and one that ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackAnswer {
    /// For which callback.
    pub callback: CallbackSelector,
    /// For which of the callbacks that the selector means, from 1 in the order in which they start.
    pub nth: Option<usize>,
    /// How long after the callback's start.
    pub after: Duration,
    /// What is done to it.
    pub action: CallbackAction,
}

impl CallbackAnswer {
    /// Returns an answer that comes as soon as the callback is open and nothing else is to do.
    pub fn new(callback: impl Into<CallbackSelector>, action: CallbackAction) -> Self {
        Self { callback: callback.into(), nth: None, after: Duration::ZERO, action }
    }

    /// Returns a success with this result, the bytes that the caller would send.
    pub fn success(callback: impl Into<CallbackSelector>, result: Option<String>) -> Self {
        Self::new(callback, CallbackAction::Success(result))
    }

    /// Returns a failure.
    pub fn failure(callback: impl Into<CallbackSelector>, error: ErrorObject) -> Self {
        Self::new(callback, CallbackAction::Failure(error))
    }

    /// Returns a heartbeat.
    pub fn heartbeat(callback: impl Into<CallbackSelector>) -> Self {
        Self::new(callback, CallbackAction::Heartbeat)
    }

    /// Lets the answer come this long after the callback's start, in the run's time.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.after = delay;
        self
    }

    /// Means only the callback that is the `nth` of the selector's, from 1.
    #[must_use]
    pub const fn nth(mut self, nth: usize) -> Self {
        self.nth = Some(nth);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::CallbackSelector;

    #[test]
    fn a_selector_is_an_id_a_name_or_a_pattern() {
        for (selector, name, matches) in [
            ("approval", Some("approval"), true),
            ("approval", Some("approval-2"), false),
            ("approval*", Some("approval-2"), true),
            ("*-2", Some("approval-2-2"), true),
            ("a*l*2", Some("approval-2"), true),
            ("a*x", Some("approval"), false),
            ("*", None, true),
            ("approval", None, false),
            ("the-id", None, true),
        ] {
            assert_eq!(CallbackSelector::from(selector).matches("the-id", name), matches, "{selector} {name:?}");
        }
    }
}
