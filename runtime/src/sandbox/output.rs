//! What a guest writes: stdout, stderr and log lines, in order and bounded.
//!
//! A stream cannot know whose code writes to it, so bytes wait in a [`Pipe`] until the host takes
//! them for the current scope: before each call that changes the scope, and at each tick.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use durabox_model::Timestamp;
use serde::Serialize;
use wasmtime::component::Resource;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::bindings::cli::{stderr, stdout};
use wasmtime_wasi::p2::{DynOutputStream, OutputStream, Pollable, StreamResult};

use super::host::Host;

/// Most lines of output that are kept of one invocation.
pub const MAX_OUTPUT_LINES: usize = 10_000;

/// Most bytes of output that are kept of one invocation.
pub const MAX_OUTPUT_BYTES: usize = 4 * 1024 * 1024;

/// Most bytes that a guest may write at once.
const PERMIT: usize = 64 * 1024;

/// Sees each line as it is kept.
pub type Sink = Arc<dyn Fn(&LogLine) + Send + Sync>;

/// One line of output.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// When it was taken, on the invocation's clock.
    pub timestamp: Timestamp,
    /// Where it was written.
    pub stream: Stream,
    /// Of a log line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// The module, of a log line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The text, without its line break.
    pub message: String,
    /// Of a log line.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    pub fields: serde_json::Value,
    /// Wire id of the step or context whose code wrote it; `None` at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
    /// Its name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
    /// The attempt, of a step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
}

/// Whose code writes: what a line says of its operation.
#[derive(Clone, Default)]
pub(super) struct Origin {
    pub(super) operation_id: Option<String>,
    pub(super) operation_name: Option<String>,
    pub(super) attempt: Option<u32>,
}

/// Where a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The context's logger.
    Log,
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// The output of one invocation.
pub(super) struct Output {
    pipe: Arc<Pipe>,
    /// What stdout and stderr have of a line that is not complete.
    partial: [Vec<u8>; 2],
    lines: Vec<LogLine>,
    bytes: usize,
    cut: bool,
    sink: Option<Sink>,
    /// Whether lines are kept, as far as there is room for them.
    keeps: bool,
}

impl Output {
    pub(super) fn new(sink: Option<Sink>, keeps: bool) -> Self {
        let pipe = Arc::default();
        Self { pipe, partial: [Vec::new(), Vec::new()], lines: Vec::new(), bytes: 0, cut: false, sink, keeps }
    }

    /// Keeps a line, or says once that no more are kept.
    pub(super) fn emit(&mut self, line: LogLine) {
        if !self.keeps {
            return self.show(&line);
        }
        if self.cut {
            return;
        }
        self.bytes += line.message.len();
        let line = if self.lines.len() < MAX_OUTPUT_LINES && self.bytes <= MAX_OUTPUT_BYTES {
            line
        } else {
            self.cut = true;
            cut_line(&line)
        };
        self.show(&line);
        self.lines.push(line);
    }

    fn show(&self, line: &LogLine) {
        if let Some(sink) = &self.sink {
            sink(line);
        }
    }

    pub(super) fn has_pending(&self) -> bool {
        self.pipe.filled.load(Ordering::Acquire)
    }

    pub(super) fn discard_pending(&self) {
        self.pipe.take();
    }

    /// Keeps what was written since the last time.
    pub(super) fn take_pending(&mut self, timestamp: Timestamp, origin: &Origin) {
        for (stream, bytes) in self.pipe.take() {
            let mut line = std::mem::take(&mut self.partial[index(stream)]);
            let mut rest = &bytes[..];
            while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
                line.extend_from_slice(&rest[..end]);
                rest = &rest[end + 1..];
                self.emit(plain(timestamp, stream, &line, origin.clone()));
                line.clear();
            }
            // A line too long to be kept is not gathered either.
            if !self.cut {
                line.extend_from_slice(rest);
            }
            if line.len() > MAX_OUTPUT_BYTES {
                self.emit(plain(timestamp, stream, &line, origin.clone()));
                line.clear();
            }
            self.partial[index(stream)] = line;
        }
    }

    /// Returns all lines, the unfinished ones too.
    pub(super) fn finish(&mut self, timestamp: Timestamp) -> Vec<LogLine> {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let line = std::mem::take(&mut self.partial[index(stream)]);
            if !line.is_empty() {
                self.emit(plain(timestamp, stream, &line, Origin::default()));
            }
        }
        std::mem::take(&mut self.lines)
    }
}

const fn index(stream: Stream) -> usize {
    match stream {
        Stream::Stdout | Stream::Log => 0,
        Stream::Stderr => 1,
    }
}

fn plain(timestamp: Timestamp, stream: Stream, line: &[u8], origin: Origin) -> LogLine {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    LogLine {
        timestamp,
        stream,
        level: None,
        target: None,
        message: String::from_utf8_lossy(line).into_owned(),
        fields: serde_json::Value::Null,
        operation_id: origin.operation_id,
        operation_name: origin.operation_name,
        attempt: origin.attempt,
    }
}

/// Returns the line that stands for all that are not kept.
fn cut_line(line: &LogLine) -> LogLine {
    let mebibytes = MAX_OUTPUT_BYTES / (1024 * 1024);
    LogLine {
        level: Some(LogLevel::Warn),
        target: Some("durabox".into()),
        message: format!("output was cut: an invocation keeps {MAX_OUTPUT_LINES} lines and {mebibytes} MiB"),
        fields: serde_json::Value::Null,
        stream: Stream::Log,
        ..line.clone()
    }
}

/// Bytes on their way from a guest's streams to its output.
#[derive(Default)]
struct Pipe {
    filled: AtomicBool,
    chunks: Mutex<Chunks>,
}

#[derive(Default)]
struct Chunks {
    list: Vec<(Stream, Bytes)>,
    bytes: usize,
}

impl Pipe {
    fn push(&self, stream: Stream, bytes: Bytes) {
        let mut chunks = self.lock();
        // More than can be kept need not be carried; the byte too many makes it known.
        if chunks.bytes <= MAX_OUTPUT_BYTES {
            chunks.bytes += bytes.len();
            chunks.list.push((stream, bytes));
        }
        self.filled.store(true, Ordering::Release);
    }

    fn take(&self) -> Vec<(Stream, Bytes)> {
        self.filled.store(false, Ordering::Release);
        std::mem::take(&mut *self.lock()).list
    }

    fn lock(&self) -> MutexGuard<'_, Chunks> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A guest's stdout or stderr.
struct PipeStream {
    pipe: Arc<Pipe>,
    stream: Stream,
}

#[async_trait]
impl Pollable for PipeStream {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for PipeStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.pipe.push(self.stream, bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

impl Host {
    fn open_output(&mut self, stream: Stream) -> wasmtime::Result<Resource<DynOutputStream>> {
        let stream: DynOutputStream = Box::new(PipeStream { pipe: Arc::clone(&self.output.pipe), stream });
        Ok(self.table.push(stream)?)
    }
}

impl stdout::Host for Host {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.open_output(Stream::Stdout)
    }
}

impl stderr::Host for Host {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.open_output(Stream::Stderr)
    }
}
