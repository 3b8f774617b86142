use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::wire::wire;
use crate::{ErrorObject, OperationType};

/// What an update does to its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum OperationAction {
    Start,
    Succeed,
    Fail,
    Retry,
    Cancel,
}

wire! {
    /// One change that a function checkpoints.
    #[derive(Clone, Debug, PartialEq)]
    pub struct OperationUpdate {
        /// The operation.
        pub id: SmolStr,
        /// The context that it belongs to; absent at the top.
        pub parent_id: Option<SmolStr>,
        /// The author's name for it.
        pub name: Option<SmolStr>,
        /// Its kind.
        #[serde(rename = "Type")]
        pub operation_type: OperationType,
        /// The SDK's finer kind.
        pub sub_type: Option<SmolStr>,
        /// What happens to it.
        pub action: OperationAction,
        /// A result, a state or an input, JSON text.
        pub payload: Option<String>,
        /// Why it failed.
        pub error: Option<Box<ErrorObject>>,
        /// Of a CONTEXT.
        pub context_options: Option<ContextOptions>,
        /// Of a STEP's RETRY.
        pub step_options: Option<StepOptions>,
        /// Of a WAIT's START.
        pub wait_options: Option<WaitOptions>,
        /// Of a CALLBACK's START.
        pub callback_options: Option<CallbackOptions>,
        /// Of a CHAINED_INVOKE's START.
        pub chained_invoke_options: Option<Box<ChainedInvokeOptions>>,
    }
}

impl OperationUpdate {
    /// Returns an update without anything optional.
    pub fn new(id: impl Into<SmolStr>, operation_type: OperationType, action: OperationAction) -> Self {
        Self {
            id: id.into(),
            parent_id: None,
            name: None,
            operation_type,
            sub_type: None,
            action,
            payload: None,
            error: None,
            context_options: None,
            step_options: None,
            wait_options: None,
            callback_options: None,
            chained_invoke_options: None,
        }
    }

    /// Returns about how many bytes the update adds to a checkpoint request, JSON included.
    pub fn wire_size(&self) -> usize {
        // What the members' names, quotes and fixed values take.
        const ENVELOPE: usize = 256;
        let words = [&self.parent_id, &self.sub_type];
        let invoke = self.chained_invoke_options.as_ref();
        ENVELOPE
            + self.id.len()
            + words.into_iter().flatten().map(SmolStr::len).sum::<usize>()
            + self.name.as_deref().map_or(0, escaped_length)
            + self.payload.as_deref().map_or(0, escaped_length)
            + self.error.as_ref().map_or(0, |error| error.size())
            + invoke.map_or(0, |options| {
                let texts = [&options.tenant_id, &options.x_amzn_trace_id];
                options.function_name.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
            })
    }
}

/// Returns the length of `text` inside a JSON string.
pub(crate) fn escaped_length(text: &str) -> usize {
    // This looks at every byte of every payload. Sums instead of branches, and of so few bytes that a sum fits
    // a byte: the compiler then looks at many bytes at once.
    let added = |byte: &u8| {
        let is_short = matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t');
        u8::from(is_short) + 5 * u8::from(*byte < 0x20 && !is_short)
    };
    let of_chunk = |chunk: &[u8]| usize::from(chunk.iter().map(added).sum::<u8>());
    text.len() + text.as_bytes().chunks(32).map(of_chunk).sum::<usize>()
}

wire! {
    /// Options of a CONTEXT.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(default)]
    pub struct ContextOptions {
        /// Whether the children are needed to rebuild the result.
        #[serde(deserialize_with = "crate::null_is_default")]
        pub replay_children: bool,
    }

    /// Options of a STEP.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(default)]
    pub struct StepOptions {
        /// Seconds to the next attempt, 1 to 31,622,400.
        #[serde(deserialize_with = "crate::null_is_default")]
        pub next_attempt_delay_seconds: u64,
    }

    /// Options of a WAIT.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(default)]
    pub struct WaitOptions {
        /// How long, 1 to 31,622,400 seconds.
        #[serde(deserialize_with = "crate::null_is_default")]
        pub wait_seconds: u64,
    }

    /// Options of a CALLBACK; 0 seconds is no timeout.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(default)]
    pub struct CallbackOptions {
        /// How long the callback may stay open, 0 to 99,999,999 seconds.
        #[serde(deserialize_with = "crate::null_is_default")]
        pub timeout_seconds: u64,
        /// How long it may stay silent, 0 to 99,999,999 seconds.
        #[serde(deserialize_with = "crate::null_is_default")]
        pub heartbeat_timeout_seconds: u64,
    }

    /// Options of a CHAINED_INVOKE.
    #[derive(Clone, Debug, Default, PartialEq)]
    #[serde(default)]
    pub struct ChainedInvokeOptions {
        /// Name or ARN of the function, 1 to 256 characters.
        #[serde(deserialize_with = "crate::null_is_default")]
        pub function_name: String,
        /// Tenant to invoke it for.
        pub tenant_id: Option<String>,
        /// X-Ray trace header to hand on.
        pub x_amzn_trace_id: Option<String>,
    }
}
