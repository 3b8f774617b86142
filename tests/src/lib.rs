//! What the integration tests share: the handlers, built once, and a way to run them.

pub mod conformance;
pub mod handlers;
pub mod lambda;
pub mod server;
