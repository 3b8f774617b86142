//! Streams that only a step's body may use, wherever the handler has carried them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, InputStream, OutputStream, Pollable, StreamError, StreamResult,
};

use super::stop::Stop;

/// Whether a step's body runs; clones say the same.
#[derive(Clone, Debug, Default)]
pub(super) struct InStep(Arc<AtomicBool>);

impl InStep {
    pub(super) fn set(&self, in_step: bool) {
        self.0.store(in_step, Ordering::Relaxed);
    }
}

/// A stream that refuses handler code between operations.
pub(super) struct StepStream<S> {
    stream: S,
    /// What comes through it, for a person.
    what: &'static str,
    in_step: InStep,
}

impl<S> StepStream<S> {
    pub(super) fn new(stream: S, what: &'static str, in_step: &InStep) -> Self {
        Self { stream, what, in_step: in_step.clone() }
    }

    fn check(&self, deed: &str) -> StreamResult<()> {
        if self.in_step.0.load(Ordering::Relaxed) {
            return Ok(());
        }
        let what = self.what;
        let message = format!(
            "the handler {deed} {what} outside any step: between operations it may differ on replay; use it to its end \
             in the step (`ctx.step`) that opened it, whose result is recorded"
        );
        Err(StreamError::Trap(Stop::refused(message).into()))
    }
}

#[async_trait]
impl InputStream for StepStream<DynInputStream> {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.check("read")?;
        self.stream.read(size)
    }

    async fn cancel(&mut self) {
        self.stream.cancel().await;
    }
}

#[async_trait]
impl Pollable for StepStream<DynInputStream> {
    async fn ready(&mut self) {
        self.stream.ready().await;
    }
}

#[async_trait]
impl OutputStream for StepStream<DynOutputStream> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.check("wrote to")?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.stream.flush()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.stream.check_write()
    }

    async fn cancel(&mut self) {
        self.stream.cancel().await;
    }
}

#[async_trait]
impl Pollable for StepStream<DynOutputStream> {
    async fn ready(&mut self) {
        self.stream.ready().await;
    }
}
