//! Runs durable handlers that are compiled to WebAssembly: the sandbox, the driver of local
//! executions, the clocks and the store.
//!
//! ```text
//! handler.wasm ── sandbox ── engine::replay ── local ── engine::service ── store
//! ```

pub mod artifact;
pub mod cache;
pub mod clock;
mod componentize;
pub mod invocation;
pub mod local;
pub mod sandbox;
pub mod store;
pub mod verify;

pub use artifact::{Artifact, ArtifactError, Form, Sandbox, SandboxOptions};
pub use clock::Clock;
pub use durabox_engine as engine;
pub use durabox_model as model;
