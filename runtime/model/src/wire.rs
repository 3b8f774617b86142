//! How every shape is spelled on the wire, in one place.

/// Declares structs whose members are spelled in PascalCase and left out when there is nothing to say.
macro_rules! wire {
    ($($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)*
    })*) => {$(
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* #[serde(skip_serializing_if = "crate::wire::Member::is_absent")] pub $field: $type,)*
        }
    )*};
}

pub(crate) use wire;

/// Reads a member that has a default; `null` is one that is not there, as AWS's SDKs and services take it.
pub fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de> + Default,
{
    let given: Option<T> = serde::Deserialize::deserialize(deserializer)?;
    Ok(given.unwrap_or_default())
}

/// Whether a member of a shape is left out of its JSON. `None`, an empty list and `false` are.
pub(crate) trait Member {
    fn is_absent(&self) -> bool {
        false
    }
}

impl<T> Member for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Member for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Member for bool {
    fn is_absent(&self) -> bool {
        !self
    }
}

macro_rules! always_present {
    ($($type:ty),*) => { $(impl Member for $type {})* };
}

always_present!(
    u32,
    u64,
    String,
    smol_str::SmolStr,
    crate::Timestamp,
    crate::EventPayload,
    crate::EventError,
    crate::RetryDetails
);
always_present!(crate::OperationType, crate::OperationStatus, crate::OperationAction);

#[cfg(test)]
mod tests {
    use crate::*;

    /// Reads `json` as a `T` and expects it to be written the same.
    fn check<T: serde::Serialize + serde::de::DeserializeOwned>(json: &str) {
        let value: T = serde_json::from_str(json).expect(json);
        assert_eq!(serde_json::to_string(&value).expect("JSON"), json);
    }

    #[test]
    fn what_is_absent_is_left_out_and_what_must_be_there_stays() {
        check::<ErrorObject>("{}");
        check::<ContextDetails>("{}");
        check::<ContextDetails>(r#"{"ReplayChildren":true,"Result":""}"#);
        check::<StepDetails>(r#"{"Attempt":0}"#);
        check::<CallbackOptions>(r#"{"TimeoutSeconds":0,"HeartbeatTimeoutSeconds":5}"#);
        check::<ChainedInvokeOptions>(r#"{"FunctionName":"f","XAmznTraceId":"Root=1"}"#);
        check::<EventPayload>(r#"{"Truncated":false}"#);
    }

    #[test]
    fn null_is_a_member_that_is_not_there() {
        fn check_null<T: serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(absent: &str, null: &str) {
            let read = |json: &str| serde_json::from_str::<T>(json).expect(json);
            assert_eq!(read(null), read(absent));
        }
        check_null::<ErrorObject>("{}", r#"{"StackTrace":null,"ErrorType":null}"#);
        check_null::<ContextDetails>("{}", r#"{"ReplayChildren":null}"#);
        check_null::<StepDetails>("{}", r#"{"Attempt":null}"#);
        check_null::<ContextOptions>("{}", r#"{"ReplayChildren":null}"#);
        check_null::<StepOptions>("{}", r#"{"NextAttemptDelaySeconds":null}"#);
        check_null::<WaitOptions>("{}", r#"{"WaitSeconds":null}"#);
        check_null::<CallbackOptions>("{}", r#"{"TimeoutSeconds":null,"HeartbeatTimeoutSeconds":null}"#);
        check_null::<ChainedInvokeOptions>("{}", r#"{"FunctionName":null}"#);
        check_null::<InvocationEvent>("{}", r#"{"InitialExecutionState":null,"UpdatedOperationIds":null}"#);
        let state = |operations| format!(r#"{{"InitialExecutionState":{{{operations}}}}}"#);
        check_null::<InvocationEvent>(&state(""), &state(r#""Operations":null"#));
    }

    #[test]
    fn operations_and_updates_are_spelled_as_lambda_spells_them() {
        check::<Operation>(
            r#"{"Id":"a","Type":"CALLBACK","StartTimestamp":1.5,"Status":"TIMED_OUT","CallbackDetails":{"CallbackId":"YQ=="}}"#,
        );
        check::<OperationUpdate>(
            r#"{"Id":"a","Name":"n","Type":"CHAINED_INVOKE","SubType":"ChainedInvoke","Action":"START","Payload":"1","ChainedInvokeOptions":{"FunctionName":"f","TenantId":"t"}}"#,
        );
    }

    #[test]
    fn a_type_that_is_none_is_refused_in_lambdas_words() {
        let update = r#"{"Id":"a","Type":"SLEEP","Action":"START"}"#;
        let error = serde_json::from_str::<OperationUpdate>(update).expect_err("no such type");
        assert!(error.to_string().starts_with("Unknown operation type."), "{error}");
    }

    #[test]
    fn an_event_carries_the_details_of_its_type() {
        check::<Event>(
            r#"{"EventId":2,"EventTimestamp":0,"Id":"a","EventType":"CallbackStarted","CallbackStartedDetails":{"CallbackId":"YQ==","HeartbeatTimeout":5}}"#,
        );
        check::<Event>(
            r#"{"EventId":3,"EventTimestamp":0,"Id":"i","EventType":"ChainedInvokeStarted","ChainedInvokeStartedDetails":{"FunctionName":"f","Input":{"Payload":"1","Truncated":false},"ExecutedVersion":"7"}}"#,
        );
        let event: Event = serde_json::from_str(
            r#"{"EventId":4,"EventTimestamp":0,"EventType":"ChainedInvokeStopped","ChainedInvokeStoppedDetails":{"Error":{"Payload":{"ErrorType":"E"}}}}"#,
        )
        .expect("a truncation that is not named");
        assert_eq!(event.details.event_type(), "ChainedInvokeStopped");
    }

    #[test]
    fn an_event_without_a_member_that_it_must_have_is_refused() {
        let event = r#"{"EventId":2,"EventTimestamp":0,"EventType":"CallbackStarted","CallbackStartedDetails":{}}"#;
        let error = serde_json::from_str::<Event>(event).expect_err("no callback id");
        assert!(error.to_string().contains("CallbackId"), "{error}");
    }
}
