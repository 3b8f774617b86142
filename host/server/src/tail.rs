//! The last lines of a synchronous invocation, for callers that ask for them with `X-Amz-Log-Type: Tail`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::log::LogRecord;

/// Most that is returned of a log, bytes: its last 4 KB. Source: Lambda's API reference, Invoke.
const MAX_SIZE: usize = 4096;

type Text = Arc<Mutex<String>>;

/// The logs that somebody waits for, by request id and by execution.
#[derive(Clone, Debug, Default)]
pub struct Tails(Arc<Mutex<HashMap<String, Text>>>);

/// A log that somebody waits for; it is let go with this value.
#[derive(Debug)]
pub struct Tail {
    tails: Tails,
    text: Text,
}

impl Tails {
    /// Follows the lines of a request or of an execution.
    pub fn follow(&self, key: &str) -> Tail {
        let text = Text::default();
        self.known().insert(key.to_owned(), Arc::clone(&text));
        Tail { tails: self.clone(), text }
    }

    /// Says that a request belongs to an execution; its lines name only the request.
    pub fn belongs(&self, request_id: &str, execution_arn: &str) {
        let mut known = self.known();
        if let Some(text) = known.get(execution_arn).cloned() {
            known.insert(request_id.to_owned(), text);
        }
    }

    /// Takes a line that a function wrote.
    pub fn take(&self, record: &LogRecord) {
        let known = self.known();
        if known.is_empty() {
            return;
        }
        let of = |field: &str| known.get(record.fields.get(field)?.as_str()?);
        if let Some(text) = of("executionArn").or_else(|| of("requestId")) {
            let mut text = lock(text);
            text.push_str(&record.message);
            text.push('\n');
            keep_last(&mut text);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Text>> {
        lock(&self.0)
    }
}

impl Tail {
    /// Returns the end of the log.
    pub fn text(&self) -> String {
        lock(&self.text).clone()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.tails.known().retain(|_, text| !Arc::ptr_eq(text, &self.text));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep_last(text: &mut String) {
    if text.len() > MAX_SIZE {
        let mut from = text.len() - MAX_SIZE;
        while !text.is_char_boundary(from) {
            from += 1;
        }
        text.drain(..from);
    }
}

#[cfg(test)]
mod tests {
    use durabox_runtime::model::Timestamp;

    use super::{LogRecord, MAX_SIZE, Tails};

    fn line(text: &str) -> LogRecord {
        LogRecord::new("INFO", text, Timestamp::default())
    }

    #[test]
    fn lines_reach_who_follows_their_request_or_their_execution() {
        let tails = Tails::default();
        let (execution, request) = (tails.follow("arn"), tails.follow("one"));
        tails.belongs("two", "arn");
        tails.take(&line("of the execution").of_execution("arn").with("requestId", "three"));
        tails.take(&line("of its process").with("requestId", "two"));
        tails.take(&line("of the request").with("requestId", "one"));
        tails.take(&line("of nobody"));
        assert_eq!(execution.text(), "of the execution\nof its process\n");
        assert_eq!(request.text(), "of the request\n");
        drop(execution);
        tails.take(&line("too late").with("requestId", "two"));
        assert_eq!(tails.known().len(), 1, "nobody follows the execution any more");
    }

    #[test]
    fn only_the_end_of_a_long_log_is_kept() {
        let tails = Tails::default();
        let tail = tails.follow("arn");
        for number in 0..1000 {
            tails.take(&line(&format!("é {number}")).of_execution("arn"));
        }
        let text = tail.text();
        assert!(text.len() <= MAX_SIZE && text.len() > MAX_SIZE - 4, "{}", text.len());
        assert!(text.ends_with("é 999\n"), "{text}");
    }
}
