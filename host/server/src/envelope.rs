//! The event that a durable function is handed, and its answer, as JSON.
//!
//! The same operations as in the API, but with timestamps in milliseconds and an empty `NextMarker`
//! where there is no more.

use durabox_runtime::model::{ErrorObject, InvocationInput, InvocationOutput, InvocationStatus};
use serde::Deserialize;
use serde_json::{Value, json};

/// Members of an operation that are timestamps.
const TIMESTAMPS: [&str; 4] = ["StartTimestamp", "EndTimestamp", "ScheduledEndTimestamp", "NextAttemptTimestamp"];

/// Writes the invocation event.
pub fn event(input: &InvocationInput) -> serde_json::Result<Vec<u8>> {
    let operations = input.operations.iter().map(|operation| {
        let mut value = serde_json::to_value(&**operation)?;
        to_milliseconds(&mut value);
        Ok(value)
    });
    serde_json::to_vec(&json!({
        "DurableExecutionArn": input.durable_execution_arn,
        "CheckpointToken": input.checkpoint_token,
        "InitialExecutionState": {
            "Operations": operations.collect::<serde_json::Result<Vec<Value>>>()?,
            "NextMarker": input.next_marker.as_deref().unwrap_or_default(),
        },
        "UpdatedOperationIds": input.updated_operation_ids,
    }))
}

fn to_milliseconds(value: &mut Value) {
    let Value::Object(members) = value else { return };
    for (name, member) in members {
        match member.as_f64() {
            Some(seconds) if TIMESTAMPS.contains(&name.as_str()) => {
                *member = ((seconds * 1000.0).round() as u64).into()
            }
            _ => to_milliseconds(member),
        }
    }
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
