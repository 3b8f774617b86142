//! Runs durable functions where they are deployed: invokes them, polls to the end, reads the history.
//!
//! Everything that this module asks goes through `aws-sdk-lambda`. What may go wrong is a
//! [`CloudError`], whose texts are those of AWS's own testing framework, with the cause and the cure.

mod client;
mod deployed;
mod error;
mod events;
mod execution;
mod lambda;
mod metering;
mod runner;
mod settings;

pub use deployed::{Deployed, Describer, mark};
pub use error::{Cause, CloudError, Place, ServiceFailure};
pub(crate) use execution::CloudDetails;
pub use execution::CloudExecution;
pub use lambda::{FunctionSettings, Lambda, ListedExecution};
pub use metering::metering;
pub use runner::CloudRunner;
pub use settings::{CloudSettings, Variable};
