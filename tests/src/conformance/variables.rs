//! The names that a requirement gives to values: its own variables, and what the history binds while it is matched.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use super::python;

static REFERENCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}").expect("the pattern is constant"));

/// Values by name.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<String, Value>);

impl Variables {
    /// Returns the variables that `declared` describes, the generated ones drawn from `seed`.
    pub(super) fn generate(declared: &Value, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let declared = declared.as_object().into_iter().flatten();
        Self(declared.map(|(name, value)| (name.clone(), resolve(value, &mut random).into())).collect())
    }

    /// Returns the value of `name`, if it has one.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Gives `name` its value.
    pub(super) fn bind(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Returns `data` with every known `${NAME}` replaced in its strings; unknown ones stay.
    pub fn substitute(&self, data: &Value) -> Value {
        match data {
            Value::String(text) => self.substitute_text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.substitute(item)).collect(),
            Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), self.substitute(field))).collect(),
            other => other.clone(),
        }
    }

    fn substitute_text(&self, text: &str) -> String {
        let replace = |found: &Captures| self.value(&found[1]).map_or_else(|| found[0].to_owned(), python::text);
        REFERENCE.replace_all(text, replace).into_owned()
    }
}

/// Draws the text of `${GEN_STR:n}`; everything else is itself, as text.
fn resolve(value: &Value, random: &mut fastrand::Rng) -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let text = python::text(value);
    let length = text.strip_prefix("${GEN_STR:").and_then(|rest| rest.strip_suffix('}')?.parse().ok());
    match length {
        Some(length) => (0..length).map(|_| char::from(ALPHABET[random.usize(..ALPHABET.len())])).collect(),
        None => text,
    }
}
