//! Runs durable handlers that are compiled to WebAssembly: the sandbox, the driver of local
//! executions, the clocks and the store.
//!
//! ```text
//! handler.wasm ── sandbox ── engine::replay ── local ── engine::service ── store
//! ```
//!
//! Lambda has neither the compiler nor the local half: a build without the features `compiler` and
//! `local` loads what a build with `package` has compiled ahead.

pub mod artifact;
#[cfg(feature = "compiler")]
pub mod cache;
pub mod clock;
#[cfg(feature = "compiler")]
mod componentize;
mod digest;
pub mod invocation;
#[cfg(feature = "local")]
pub mod local;
pub mod manifest;
pub mod precompiled;
pub mod sandbox;
#[cfg(feature = "local")]
pub mod store;
#[cfg(feature = "local")]
pub mod verify;

pub use artifact::{Artifact, ArtifactError, Form, Sandbox, SandboxOptions};
pub use clock::Clock;
pub use durabox_engine as engine;
pub use durabox_model as model;
