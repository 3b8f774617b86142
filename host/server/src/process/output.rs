//! What a process writes to standard output and standard error, line by line.

use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::ioctl_fionread;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{LogSink, ProcessLine, Stream};

/// The longest line, in bytes: an event in CloudWatch Logs was as long for many years.
const MAX_LINE: usize = 256 * 1024;

/// Both outputs of a process.
pub(super) struct Output {
    request_id: RequestId,
    readers: [Reader; 2],
}

type RequestId = Arc<Mutex<Option<Arc<str>>>>;

impl Output {
    pub fn follow(stdout: ChildStdout, stderr: ChildStderr, log: &LogSink) -> Self {
        let request_id = RequestId::default();
        let lines = |stream| Lines { stream, log: log.clone(), request_id: request_id.clone(), line: Vec::new() };
        let readers = [Reader::start(stdout, lines(Stream::Stdout)), Reader::start(stderr, lines(Stream::Stderr))];
        Self { request_id, readers }
    }

    /// Says that what is written from here on belongs to an invocation.
    pub fn begin(&self, request_id: &str) {
        *self.request_id.lock().unwrap_or_else(PoisonError::into_inner) = Some(request_id.into());
    }

    /// Tells the sink everything that has been written so far, and ends the invocation.
    pub async fn end(&self) {
        for reader in &self.readers {
            reader.drain().await;
        }
        *self.request_id.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Reads one output until it ends, or this is dropped.
struct Reader {
    drains: mpsc::Sender<oneshot::Sender<()>>,
    reading: JoinHandle<()>,
}

impl Reader {
    fn start(pipe: impl AsyncRead + AsFd + Unpin + Send + 'static, lines: Lines) -> Self {
        let (drains, asked) = mpsc::channel(1);
        Self { drains, reading: tokio::spawn(read(pipe, lines, asked)) }
    }

    /// Waits until what the pipe holds now has been read. Nothing is left when the output has ended.
    async fn drain(&self) {
        let (drained, done) = oneshot::channel();
        if self.drains.send(drained).await.is_ok() {
            let _ = done.await;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn read(
    mut pipe: impl AsyncRead + AsFd + Unpin,
    mut lines: Lines,
    mut drains: mpsc::Receiver<oneshot::Sender<()>>,
) {
    let mut buffer = vec![0; 16 * 1024];
    // Who waits for a drain, and how many bytes were in the pipe when they asked.
    let mut draining: Option<(oneshot::Sender<()>, u64)> = None;
    loop {
        tokio::select! {
            read = pipe.read(&mut buffer) => {
                let Ok(length @ 1..) = read else { break };
                lines.write(&buffer[..length]);
                if let Some((_, left)) = &mut draining {
                    *left = left.saturating_sub(length as u64);
                }
            }
            Some(drained) = drains.recv(), if draining.is_none() => {
                draining = Some((drained, ioctl_fionread(&pipe).unwrap_or(0)));
            }
        }
        if let Some((drained, _)) = draining.take_if(|(_, left)| *left == 0) {
            lines.flush();
            let _ = drained.send(());
        }
    }
    lines.flush();
}

/// Cuts bytes into lines.
struct Lines {
    stream: Stream,
    log: LogSink,
    request_id: RequestId,
    line: Vec<u8>,
}

impl Lines {
    fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = MAX_LINE - self.line.len();
            let window = &bytes[..bytes.len().min(room)];
            match window.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    self.line.extend_from_slice(&bytes[..end]);
                    self.tell();
                    bytes = &bytes[end + 1..];
                }
                None => {
                    self.line.extend_from_slice(window);
                    bytes = &bytes[window.len()..];
                    if self.line.len() == MAX_LINE {
                        self.tell();
                    }
                }
            }
        }
    }

    /// Tells a line that has no end yet.
    fn flush(&mut self) {
        if !self.line.is_empty() {
            self.tell();
        }
    }

    fn tell(&mut self) {
        let text = String::from_utf8_lossy(&self.line).into_owned();
        let request_id = self.request_id.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.line.clear();
        (self.log)(ProcessLine { request_id, stream: self.stream, text });
    }
}
