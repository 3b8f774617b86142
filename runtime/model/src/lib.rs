//! The wire vocabulary of AWS Lambda durable execution: operations, updates, events, errors and
//! time, as Lambda's API spells them.
//!
//! Owns names and shapes, nothing that happens. Depends on serde, and on one kind of string.

mod error;
mod event;
mod event_details;
mod function_name;
mod invocation;
mod invocation_event;
mod limits;
mod operation;
mod time;
mod update;
mod wire;

pub use error::ErrorObject;
pub use event::{Event, EventError, EventPayload, RetryDetails};
pub use event_details::{EventDetails, details};
pub use function_name::parse_function_name;
pub use invocation::{InvocationInput, InvocationOutput, InvocationStatus};
pub use invocation_event::{InvocationEvent, MalformedEvent};
pub use limits::*;
pub use operation::{
    CallbackDetails, ChainedInvokeDetails, ContextDetails, ExecutionDetails, ExecutionStatus, Operation,
    OperationStatus, OperationType, StepDetails, WaitDetails, sub_type,
};
/// What ids, names and sub-types are: a string that is short or shared, and cheap to copy.
pub use smol_str::SmolStr;
pub use time::Timestamp;
pub use update::{
    CallbackOptions, ChainedInvokeOptions, ContextOptions, OperationAction, OperationUpdate, StepOptions, WaitOptions,
};
pub use wire::null_is_default;
