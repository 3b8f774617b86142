//! What both SDKs leave of an execution, in the same words.

use std::fmt;

/// How an execution ended, and its operations by start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// `SUCCEEDED`, `FAILED` or `PENDING`.
    pub status: String,
    /// JSON text.
    pub result: Option<String>,
    /// ErrorType.
    pub error_type: Option<String>,
    /// ErrorMessage.
    pub error_message: Option<String>,
    /// Without the EXECUTION itself.
    pub operations: Vec<Record>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// On the wire.
    pub id: String,
    /// Lambda's spelling, such as `STEP`.
    pub operation_type: String,
    /// Such as `RunInChildContext`.
    pub sub_type: Option<String>,
    /// The author's.
    pub name: Option<String>,
    /// Lambda's spelling, such as `TIMED_OUT`.
    pub status: String,
    /// As recorded: JSON, unless a serdes of the author's says otherwise.
    pub result: Option<String>,
    /// ErrorType.
    pub error_type: Option<String>,
    /// ErrorMessage.
    pub error_message: Option<String>,
    /// Attempts that ended in RETRY.
    pub retries: u32,
}

/// A field that the two SDKs record differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The operation, such as `STEP charge`; `execution` for the execution itself.
    pub of: String,
    /// The field of [`Record`] or [`Records`].
    pub field: &'static str,
    /// By the official SDK.
    pub official: String,
    /// By durabox.
    pub durabox: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, field, official, durabox } = self;
        write!(f, "{of}: {field}\n  official  {official}\n  durabox   {durabox}")
    }
}

/// Returns every field in which `durabox` differs from `official`.
pub fn differences(official: &Records, durabox: &Records, ordered: bool) -> Vec<Difference> {
    let mut found = Found { of: "execution".into(), differences: Vec::new() };
    found.compare("status", &official.status, &durabox.status);
    found.compare("result", &official.result, &durabox.result);
    found.compare("error_type", &official.error_type, &durabox.error_type);
    found.compare("error_message", &official.error_message, &durabox.error_message);
    for theirs in &official.operations {
        let of = theirs.title();
        match durabox.operations.iter().find(|ours| ours.id == theirs.id) {
            Some(ours) => found.compare_operation(of, theirs, ours),
            None => found.add(of, "id", theirs.id.clone(), "no such operation".into()),
        }
    }
    for ours in &durabox.operations {
        if !official.operations.iter().any(|theirs| theirs.id == ours.id) {
            found.add(ours.title(), "id", "no such operation".into(), ours.id.clone());
        }
    }
    if ordered {
        found.of = "execution".into();
        let titles = |records: &Records| records.operations.iter().map(Record::title).collect::<Vec<_>>();
        found.compare("order", &titles(official), &titles(durabox));
    }
    found.differences
}

impl Record {
    /// Returns type, and name or the first digits of the id.
    fn title(&self) -> String {
        let id = || self.id.get(..8).unwrap_or(&self.id).to_owned();
        format!("{} {}", self.operation_type, self.name.clone().unwrap_or_else(id))
    }
}

struct Found {
    of: String,
    differences: Vec<Difference>,
}

impl Found {
    fn compare_operation(&mut self, of: String, official: &Record, durabox: &Record) {
        self.of = of;
        self.compare("type", &official.operation_type, &durabox.operation_type);
        self.compare("sub_type", &official.sub_type, &durabox.sub_type);
        self.compare("name", &official.name, &durabox.name);
        self.compare("status", &official.status, &durabox.status);
        self.compare("result", &official.result, &durabox.result);
        self.compare("error_type", &official.error_type, &durabox.error_type);
        self.compare("error_message", &official.error_message, &durabox.error_message);
        self.compare("retries", &official.retries, &durabox.retries);
    }

    fn compare<T: fmt::Debug + PartialEq>(&mut self, field: &'static str, official: &T, durabox: &T) {
        if official != durabox {
            self.add(self.of.clone(), field, shown(official), shown(durabox));
        }
    }

    fn add(&mut self, of: String, field: &'static str, official: String, durabox: String) {
        self.differences.push(Difference { of, field, official, durabox });
    }
}

/// Returns a value for reading: long ones only in part.
fn shown(value: &impl fmt::Debug) -> String {
    const READABLE: usize = 400;
    let text = format!("{value:?}");
    if text.len() <= READABLE {
        return text;
    }
    let start: String = text.chars().take(READABLE).collect();
    format!("{start}… ({} bytes)", text.len())
}
