//! The names of the crate `lambda_runtime` that a handler's `main` and signatures mention.
//!
//! They stand here so that an entry written for the official SDK compiles as it is: there is no
//! `lambda_runtime` in a handler, as durabox itself speaks to Lambda.

pub use crate::LambdaContext as Context;

/// Any error that `main` may return; in a handler's `main` none ever is.
pub type Error = crate::BoxError;

/// What `main` sets up for logging.
pub mod tracing {
    /// Does nothing: [`run`](crate::run) installs the subscriber that hands events to durabox.
    pub fn init_default_subscriber() {}
}
