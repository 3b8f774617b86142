//! Lambda for durable functions on one machine: its API over HTTP, and the functions it hosts.
//!
//! ```text
//! HTTP ── api ── service ── engine::service::Execution ── store
//!                   └ driver ── function: component in process | process | elsewhere
//! ```
//!
//! [`Service`] owns the functions and the executions; a driver to each open execution performs what
//! its machine asks for. [`api`] reads requests and writes Lambda's answers, and decides nothing.

pub mod api;
mod driver;
pub mod envelope;
mod function;
mod hosted;
mod invoke;
mod log;
mod names;
pub mod process;
mod registry;
mod remote;
mod serve;
mod service;
mod tail;
mod timeline;

pub use function::{Code, DurableConfig, FunctionSettings, FunctionVersion};
pub use log::{LogRecord, LogSink};
pub use names::{Account, FunctionName};
pub use serve::{GRACE, serve};
pub use service::{
    CallbackAnswer, CodeSource, History, HistoryQuery, Invoked, Limits, PlainFailure, ServerError, Service,
    ServiceError, ServiceOptions, Snapshot, StartRequest,
};
