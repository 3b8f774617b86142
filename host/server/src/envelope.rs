//! The event that a durable function is handed, and its answer, as JSON.

use durabox_runtime::model::{ErrorObject, InvocationEvent, InvocationInput, InvocationOutput, InvocationStatus};
use serde::Deserialize;
use serde_json::Value;

/// Writes the invocation event.
pub fn event(input: &InvocationInput) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&InvocationEvent::from(input))
}

/// Reads a function's answer. What Lambda would not take has no status, which the machine refuses.
pub fn output(answer: &[u8]) -> InvocationOutput {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        status: Value,
        #[serde(default)]
        result: Option<String>,
        #[serde(default)]
        error: Option<ErrorObject>,
    }
    match serde_json::from_slice::<Answer>(answer) {
        Ok(Answer { status, result, error }) => {
            let status = serde_json::from_value::<InvocationStatus>(status).ok();
            InvocationOutput { status, result, error }
        }
        Err(_) => InvocationOutput { status: None, result: None, error: None },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use durabox_runtime::model::{Operation, OperationType, Timestamp, WaitDetails};

    use super::*;

    #[test]
    fn an_event_has_milliseconds_and_an_empty_marker_at_the_end() {
        let mut wait = Operation::started("w", OperationType::Wait, Timestamp::from_millis(1_500));
        wait.wait_details = Some(WaitDetails { scheduled_end_timestamp: Some(Timestamp::from_millis(61_500)) });
        let input = InvocationInput {
            durable_execution_arn: "arn".into(),
            checkpoint_token: "VA==".into(),
            operations: vec![Arc::new(wait)],
            next_marker: None,
            updated_operation_ids: vec!["w".into()],
        };
        let event: Value = serde_json::from_slice(&event(&input).expect("JSON")).expect("JSON");
        let state = &event["InitialExecutionState"];
        assert_eq!(state["NextMarker"], "");
        assert_eq!(state["Operations"][0]["StartTimestamp"], 1_500);
        assert_eq!(state["Operations"][0]["WaitDetails"]["ScheduledEndTimestamp"], 61_500);
        assert_eq!(event["UpdatedOperationIds"][0], "w");
    }

    #[test]
    fn an_answer_that_is_none_has_no_status() {
        for text in ["", "null", "\"SUCCEEDED\"", "{}", r#"{"Status":"DONE"}"#, r#"{"Status":"SUCCEEDED","Result":{}}"#]
        {
            assert_eq!(output(text.as_bytes()).status, None, "{text}");
        }
        let answer = output(br#"{"Status":"SUCCEEDED","Result":"1"}"#);
        assert_eq!(answer, InvocationOutput::succeeded(Some("1".into())));
        assert_eq!(output(br#"{"Status":"PENDING"}"#), InvocationOutput::pending());
    }
}
