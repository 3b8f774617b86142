//! What the integration tests share: the handlers, built once, and a way to run them.

pub mod clients;
pub mod conformance;
pub mod directory;
pub mod fuzz;
pub mod handlers;
pub mod lambda;
pub mod lambda_service;
pub mod request;
pub mod server;
