//! The differences that stand: each is a fact about one of the two SDKs or runners, with its reason.
//!
//! The test fails on a difference that is not here, and on one that is here and is no more.

/// Fields in which a handler's records differ.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The handler's file name, without `.rs`.
    pub handler: &'static str,
    /// The operation, such as `CONTEXT child`; `execution` for the execution itself.
    pub of: &'static str,
    /// Fields of [`Record`](crate::record::Record) or [`Records`](crate::record::Records).
    pub fields: &'static [&'static str],
    /// Whose doing it is, and why.
    pub reason: &'static str,
}

const EXECUTION_ERROR: &str = "the official SDK ends an execution with the recorded type of the operation's error and \
                               the whole chain of causes; durabox-sdk with the operation's kind and its recorded message";
const CHILD_ERROR: &str = "the official SDK records a child's error as ChildFnError, or as the TypedError in its chain, \
                           with the whole chain of causes; durabox-sdk records the error as its operation did";
const TYPED_MESSAGE: &str = "the official SDK writes the name of a TypedError before its message; durabox-sdk keeps it in \
                             ErrorType only";
const DISPLAYED_CHAIN: &str = "{:#} words the links of the chain differently, and the official kind of a step that is \
                               stopped after one attempt is RetriesExhausted(1), durabox-sdk's ExecutionFailed";
const DIVERGENCE: &str = "the official text names ids; durabox's what was recorded, what was asked for and where";

const ERROR: &[&str] = &["error_type", "error_message"];

/// All differences that stand, by handler.
pub const KNOWN: &[Known] = &[
    Known { handler: "step_1_10", of: "execution", fields: &["result"], reason: DISPLAYED_CHAIN },
    Known { handler: "step_1_12", of: "execution", fields: ERROR, reason: EXECUTION_ERROR },
    Known { handler: "step_1_16", of: "execution", fields: ERROR, reason: EXECUTION_ERROR },
    Known { handler: "step_1_16", of: "STEP 6b86b273", fields: &["error_message"], reason: TYPED_MESSAGE },
    Known { handler: "step_1_19", of: "execution", fields: ERROR, reason: EXECUTION_ERROR },
    Known { handler: "child_3_4", of: "execution", fields: ERROR, reason: EXECUTION_ERROR },
    Known { handler: "child_3_4", of: "CONTEXT child", fields: ERROR, reason: CHILD_ERROR },
    Known { handler: "child_3_5", of: "CONTEXT 6b86b273", fields: ERROR, reason: CHILD_ERROR },
    Known { handler: "child_3_8", of: "execution", fields: ERROR, reason: EXECUTION_ERROR },
    Known { handler: "child_3_8", of: "CONTEXT child", fields: ERROR, reason: CHILD_ERROR },
    Known { handler: "child_3_15", of: "execution", fields: ERROR, reason: EXECUTION_ERROR },
    Known { handler: "child_3_15", of: "CONTEXT child", fields: ERROR, reason: CHILD_ERROR },
    Known { handler: "drops_step_on_replay", of: "execution", fields: &["error_message"], reason: DIVERGENCE },
    Known { handler: "swallows_mismatch", of: "execution", fields: &["error_message"], reason: DIVERGENCE },
];

impl Known {
    /// Whether this is about `field` of `of` in `handler`.
    pub fn covers(&self, handler: &str, of: &str, field: &str) -> bool {
        self.handler == handler && self.of == of && self.fields.contains(&field)
    }
}
