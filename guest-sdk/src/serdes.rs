//! What values look like on the wire.

mod file_system;

use std::any::TypeId;
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::BoxError;
use crate::bindings::host;
use crate::context::DurableContext;
use crate::operation::Operation;
use crate::scope;

pub use file_system::{
    FileSystemPathEncoding, FileSystemSerdes, FileSystemSerdesConfig, FileSystemSerdesConfigBuilder,
    FileSystemSerdesError, FileSystemSerdesMode,
};

/// Writes and reads an operation's result. The value that a handler sees has always been through
/// both, so that it is the same when it is replayed.
///
/// It may use files that the run grants. What it makes of a payload must be the same on every
/// replay, so that what it reads must not change once it is written.
pub trait Serdes<T>: 'static {
    /// Writes a value.
    fn serialize(&self, value: T, ctx: SerdesContext) -> impl Future<Output = Result<String, BoxError>>;

    /// Reads what `serialize` wrote, or `null` where an operation succeeded without a payload.
    fn deserialize(&self, wire: String, ctx: SerdesContext) -> impl Future<Output = Result<T, BoxError>>;
}

/// Which payload is written or read.
#[derive(Clone, Debug)]
pub struct SerdesContext {
    operation: Key,
    arn: Arc<str>,
    origin: PayloadOrigin,
}

/// Whose payload it is.
#[derive(Clone, Debug)]
enum Key {
    /// An operation's, whose id is asked for when somebody wants it.
    Handle(u32, OnceLock<String>),
    /// A batch's, of one item, or one that somebody made up.
    Named(String),
}

/// Who wrote a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadOrigin {
    /// A handler's own operation.
    SdkRecord,
    /// Someone else: the sender of a callback, an invoked function.
    External,
}

impl SerdesContext {
    pub(crate) fn of(context: &DurableContext, operation: &Operation) -> Self {
        Self {
            operation: Key::Handle(operation.handle(), OnceLock::new()),
            arn: Arc::clone(&context.execution().arn),
            origin: PayloadOrigin::SdkRecord,
        }
    }

    /// Returns the context of the result of a batch's item, inside the batch's own.
    pub(crate) fn item(&self, index: usize) -> Self {
        let key = format!("{}/item-{index}", self.operation_id());
        Self { operation: Key::Named(key), ..self.clone() }
    }

    pub(crate) fn external(self) -> Self {
        self.with_origin(PayloadOrigin::External)
    }

    /// Returns the context of a payload that the handler itself recorded.
    pub fn new(operation_id: impl Into<String>, durable_execution_arn: impl Into<String>) -> Self {
        let operation = Key::Named(operation_id.into());
        Self { operation, arn: durable_execution_arn.into().into(), origin: PayloadOrigin::SdkRecord }
    }

    /// Returns this with another writer of the payload.
    pub fn with_origin(mut self, origin: PayloadOrigin) -> Self {
        self.origin = origin;
        self
    }

    /// Returns the id that the operation has in the record: the same on every replay. For an item
    /// in the result of a map or parallel, `<id>/item-<index>`.
    pub fn operation_id(&self) -> &str {
        match &self.operation {
            Key::Handle(handle, id) => id.get_or_init(|| host::operation_id(*handle)),
            Key::Named(key) => key,
        }
    }

    /// Returns the ARN of the durable execution.
    pub fn durable_execution_arn(&self) -> &str {
        &self.arn
    }

    /// Returns who wrote the payload.
    pub fn origin(&self) -> PayloadOrigin {
        self.origin
    }
}

/// JSON, the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonSerdes;

impl<T: Serialize + DeserializeOwned> Serdes<T> for JsonSerdes {
    async fn serialize(&self, value: T, _: SerdesContext) -> Result<String, BoxError> {
        Ok(serde_json::to_string(&value)?)
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<T, BoxError> {
        Ok(serde_json::from_str(&wire)?)
    }
}

impl<T, S: Serdes<T>> Serdes<T> for Arc<S> {
    fn serialize(&self, value: T, ctx: SerdesContext) -> impl Future<Output = Result<String, BoxError>> {
        S::serialize(self, value, ctx)
    }

    fn deserialize(&self, wire: String, ctx: SerdesContext) -> impl Future<Output = Result<T, BoxError>> {
        S::deserialize(self, wire, ctx)
    }
}

/// Writes a value as a serdes says.
pub(crate) async fn write<T, S: Serdes<T>>(serdes: &S, value: T, ctx: SerdesContext) -> Result<String, BoxError> {
    running::<S, _>(serdes.serialize(value, ctx)).await
}

/// Reads the payload of an operation that succeeded.
pub(crate) async fn read<T, S: Serdes<T>>(
    serdes: &S,
    payload: Option<String>,
    ctx: SerdesContext,
) -> Result<T, BoxError> {
    running::<S, _>(serdes.deserialize(payload.unwrap_or_else(|| "null".to_owned()), ctx)).await
}

/// Runs what a serdes does. The default does nothing that the host would have to know of.
async fn running<S: 'static, F: Future>(serdes: F) -> F::Output {
    let plain = [TypeId::of::<JsonSerdes>(), TypeId::of::<Arc<JsonSerdes>>()];
    if plain.contains(&TypeId::of::<S>()) { serdes.await } else { scope::serdes(serdes).await }
}
