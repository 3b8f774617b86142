//! Answers to callbacks on the command line: `approval=success:{"by":"Ada"}@90`.

use std::time::Duration;

use durabox_runtime::local::{CallbackAction, CallbackAnswer};
use durabox_runtime::model::ErrorObject;

const SHAPE: &str = "takes NAME=success[:JSON], NAME=failure[:MESSAGE] or NAME=heartbeat, and @SECONDS after it";

/// Reads a `--callback`.
pub fn parse(text: &str) -> Result<CallbackAnswer, String> {
    let (name, rest) = text.split_once('=').ok_or_else(|| format!("{SHAPE}; there is no = in {text:?}"))?;
    if name.is_empty() {
        return Err(format!("{SHAPE}; there is no name in {text:?}"));
    }
    let (rest, after) = delay(rest);
    let (action, value) = match rest.split_once(':') {
        Some((action, value)) => (action, Some(value)),
        None => (rest, None),
    };
    let action = self::action(action, value)?;
    Ok(CallbackAnswer::new(name, action).after(after))
}

/// Returns what `success`, `failure` or `heartbeat` with this value does.
pub fn action(action: &str, value: Option<&str>) -> Result<CallbackAction, String> {
    match (action, value.filter(|value| !value.is_empty())) {
        ("success", None) => Ok(CallbackAction::Success(None)),
        ("success", Some(result)) => Ok(CallbackAction::Success(Some(json(result)?.to_owned()))),
        ("failure", message) => {
            let error_message = Some(message.unwrap_or("Callback failed").to_owned());
            Ok(CallbackAction::Failure(ErrorObject { error_message, ..ErrorObject::default() }))
        }
        ("heartbeat", None) => Ok(CallbackAction::Heartbeat),
        ("heartbeat", Some(value)) => Err(format!("a heartbeat carries nothing, got {value:?}")),
        (other, _) => Err(format!("{SHAPE}; got {other:?}")),
    }
}

/// Returns `text` if it is JSON.
pub fn json(text: &str) -> Result<&str, String> {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("{text:?} is not JSON: {error}; a JSON string has double quotes: '\"yes\"'")),
    }
}

/// Splits `@SECONDS` off the end; an `@` that is followed by something else belongs to the value.
fn delay(text: &str) -> (&str, Duration) {
    let split = text.rsplit_once('@').and_then(|(rest, seconds)| {
        let is_number = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let seconds = seconds.parse().ok().filter(|_| is_number)?;
        Some((rest, Duration::try_from_secs_f64(seconds).ok()?))
    });
    split.unwrap_or((text, Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use durabox_runtime::local::{CallbackAction, CallbackAnswer};

    use super::parse;

    #[test]
    fn an_answer_is_read_as_it_is_written() {
        let success = |result: &str| CallbackAction::Success(Some(result.into()));
        for (text, name, action, seconds) in [
            ("approval=success:\"yes\"", "approval", success("\"yes\""), 0.0),
            ("approval=success", "approval", CallbackAction::Success(None), 0.0),
            ("a-*=success:{\"by\":\"ada@example.com\"}@90", "a-*", success("{\"by\":\"ada@example.com\"}"), 90.0),
            ("approval=success:\"a@5\"", "approval", success("\"a@5\""), 0.0),
            ("approval=heartbeat@1.5", "approval", CallbackAction::Heartbeat, 1.5),
        ] {
            let expected = CallbackAnswer::new(name, action).after(Duration::from_secs_f64(seconds));
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        let CallbackAction::Failure(error) = parse("a=failure:no: not today").expect("an answer").action else {
            panic!("a failure");
        };
        assert_eq!(error.error_message.as_deref(), Some("no: not today"));
    }

    #[test]
    fn what_is_no_answer_is_refused_with_its_shape() {
        assert!(parse("approval").expect_err("no action").contains("NAME=success[:JSON]"));
        assert!(parse("approval=maybe").expect_err("no such action").contains("\"maybe\""));
        assert!(parse("approval=success:yes").expect_err("not JSON").contains("double quotes"));
        assert!(parse("=success").is_err());
        assert!(parse("a=heartbeat:1").is_err());
    }
}
