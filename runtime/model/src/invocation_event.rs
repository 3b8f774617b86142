//! The event that Lambda invokes a durable function with, as it stands on the wire.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{InvocationInput, Operation, OperationType, SmolStr, Timestamp};

/// The event. It spells timestamps in milliseconds, unlike all other JSON of Lambda's.
///
/// Reads what any caller may send; [`InvocationEvent::into_input`] says what is missing of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InvocationEvent {
    durable_execution_arn: Option<String>,
    checkpoint_token: Option<String>,
    initial_execution_state: Option<InitialState>,
    #[serde(default, deserialize_with = "crate::null_is_default")]
    updated_operation_ids: Vec<SmolStr>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InitialState {
    #[serde(default, deserialize_with = "crate::null_is_default")]
    operations: Vec<Operation>,
    /// Empty at the end.
    #[serde(default)]
    next_marker: Option<String>,
}

/// Why an event does not invoke a durable function. The texts are the official Rust SDK's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MalformedEvent {
    /// An event for another kind of function.
    NotDurable,
    /// A member is not there.
    Missing(&'static str),
}

impl std::fmt::Display for MalformedEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotDurable => f.write_str(
                "invocation payload is not a durable execution envelope (missing DurableExecutionArn, CheckpointToken, \
                 and InitialExecutionState)",
            ),
            Self::Missing(member) => {
                write!(f, "malformed invocation envelope: required field \"{member}\" is missing")
            }
        }
    }
}

impl std::error::Error for MalformedEvent {}

impl InvocationEvent {
    /// Returns what the event says.
    pub fn into_input(self) -> Result<InvocationInput, MalformedEvent> {
        let missing = MalformedEvent::Missing;
        let (arn, token, state) = (self.durable_execution_arn, self.checkpoint_token, self.initial_execution_state);
        if arn.is_none() && token.is_none() && state.is_none() {
            return Err(MalformedEvent::NotDurable);
        }
        let present = |text: Option<String>| text.filter(|text| !text.is_empty());
        let InitialState { operations, next_marker } = state.ok_or(missing("InitialExecutionState"))?;
        Ok(InvocationInput {
            durable_execution_arn: present(arn).ok_or(missing("DurableExecutionArn"))?,
            checkpoint_token: present(token).ok_or(missing("CheckpointToken"))?,
            operations: operations.into_iter().map(|operation| Arc::new(rescaled(operation, |ms| ms / 1000))).collect(),
            next_marker: present(next_marker),
            updated_operation_ids: self.updated_operation_ids,
        })
    }
}

impl From<&InvocationInput> for InvocationEvent {
    fn from(input: &InvocationInput) -> Self {
        let operations = input.operations.iter().map(|operation| rescaled((**operation).clone(), |ms| ms * 1000));
        Self {
            durable_execution_arn: Some(input.durable_execution_arn.clone()),
            checkpoint_token: Some(input.checkpoint_token.clone()),
            initial_execution_state: Some(InitialState {
                operations: operations.collect(),
                next_marker: Some(input.next_marker.clone().unwrap_or_default()),
            }),
            updated_operation_ids: input.updated_operation_ids.clone(),
        }
    }
}

/// Changes every timestamp of an operation: seconds as written become milliseconds as written, or back.
fn rescaled(mut operation: Operation, scale: impl Fn(u64) -> u64) -> Operation {
    let step = operation.step_details.as_mut().and_then(|step| step.next_attempt_timestamp.as_mut());
    let wait = operation.wait_details.as_mut().and_then(|wait| wait.scheduled_end_timestamp.as_mut());
    let own = [Some(&mut operation.start_timestamp), operation.end_timestamp.as_mut(), step, wait];
    for timestamp in own.into_iter().flatten() {
        *timestamp = Timestamp::from_millis(scale(timestamp.as_millis()));
    }
    operation
}

impl InvocationInput {
    /// Returns the input of the execution, JSON text, once the EXECUTION operation is there, which
    /// comes first.
    pub fn input_payload(&self) -> Option<&str> {
        let first = self.operations.first()?;
        if first.operation_type != OperationType::Execution {
            return None;
        }
        Some(first.execution_details.as_ref()?.input_payload.as_deref().unwrap_or("null"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"DurableExecutionArn":"a/E","CheckpointToken":"dA==","InitialExecutionState":{"Operations":[{"Id":"E","Type":"EXECUTION","StartTimestamp":1767225600123,"Status":"STARTED","ExecutionDetails":{"InputPayload":"{}"}},{"Id":"s","Type":"STEP","StartTimestamp":1767225600124,"Status":"PENDING","StepDetails":{"Attempt":1,"NextAttemptTimestamp":1767225605000}},{"Id":"w","Type":"WAIT","StartTimestamp":1767225600125,"EndTimestamp":1767225601125,"Status":"SUCCEEDED","WaitDetails":{"ScheduledEndTimestamp":1767225601000}}],"NextMarker":""},"UpdatedOperationIds":["w"]}"#;

    fn read(event: &str) -> Result<InvocationInput, MalformedEvent> {
        serde_json::from_str::<InvocationEvent>(event).expect(event).into_input()
    }

    #[test]
    fn timestamps_are_milliseconds_and_an_empty_marker_is_none() {
        let input = read(EVENT).expect("an event");
        let step = input.operations[1].step_details.as_ref().expect("a step");
        assert_eq!(input.operations[0].start_timestamp, Timestamp::from_millis(1_767_225_600_123));
        assert_eq!(step.next_attempt_timestamp, Some(Timestamp::from_millis(1_767_225_605_000)));
        assert_eq!((input.next_marker.as_deref(), input.input_payload()), (None, Some("{}")));
        assert_eq!(serde_json::to_string(&InvocationEvent::from(&input)).expect("JSON"), EVENT);
    }

    #[test]
    fn what_is_missing_is_named_as_the_official_sdk_names_it() {
        let said = |event: &str| read(event).expect_err(event).to_string();
        assert!(said("{}").starts_with("invocation payload is not a durable execution envelope (missing "));
        let token = r#"{"DurableExecutionArn":"a/E","InitialExecutionState":{}}"#;
        assert_eq!(said(token), "malformed invocation envelope: required field \"CheckpointToken\" is missing");
        let arn = r#"{"DurableExecutionArn":"","CheckpointToken":"dA==","InitialExecutionState":{}}"#;
        assert_eq!(said(arn), "malformed invocation envelope: required field \"DurableExecutionArn\" is missing");
        let state = r#"{"DurableExecutionArn":"a/E","CheckpointToken":"dA=="}"#;
        assert_eq!(said(state), "malformed invocation envelope: required field \"InitialExecutionState\" is missing");
    }
}
