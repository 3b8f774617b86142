//! Keeps local runs behind their backs: a run goes on while what changed of it is written, as much at
//! a time as has come together. Nobody can take a local run up again, so nothing but its end waits for
//! that: of one whose process is killed, the last milliseconds may be missing.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use durabox_engine::service::Execution;

use super::write::Write;
use super::{NewRun, Recorder, Store, StoreError, Writer};

/// How many changes may wait to be written; then the run waits.
const MOST_WAITING: usize = 1024;

/// What is written in one transaction, at most.
const MOST_AT_ONCE: usize = 256;

/// Writes what changes of a run's executions.
#[derive(Debug)]
pub struct Background {
    store: Store,
    writes: Mutex<Option<SyncSender<Write>>>,
    thread: Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
}

impl Background {
    /// Begins to wait for changes.
    pub fn of(store: &Store) -> Arc<Self> {
        let (writes, waiting) = sync_channel(MOST_WAITING);
        let own = store.clone();
        let thread = std::thread::spawn(move || write_all(&own, &waiting));
        Arc::new(Self { store: store.clone(), writes: Mutex::new(Some(writes)), thread: Mutex::new(Some(thread)) })
    }

    /// Begins to keep an execution that has just started.
    pub fn begin(self: &Arc<Self>, execution: &mut Execution, run: &NewRun<'_>) -> Result<Recorder, StoreError> {
        self.store.begin_with(Writer::Background(Arc::clone(self)), execution, run)
    }

    /// Has something written. Fails if something before it could not be; that is said once.
    pub(super) fn write(&self, write: Write) -> Result<(), StoreError> {
        let writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = writes.as_ref().is_some_and(|writes| writes.send(write).is_ok());
        drop(writes);
        if taken { Ok(()) } else { self.finish() }
    }

    /// Waits until everything is written; says what could not be, if nobody heard of it yet.
    pub fn finish(&self) -> Result<(), StoreError> {
        drop(self.writes.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread.map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(written)) => written,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for Background {
    /// A run that was dropped is kept as far as it came; there is nobody to tell what could not be.
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

fn write_all(store: &Store, waiting: &Receiver<Write>) -> Result<(), StoreError> {
    while let Ok(first) = waiting.recv() {
        let mut writes = vec![first];
        writes.extend(waiting.try_iter().take(MOST_AT_ONCE - 1));
        store.write(&writes)?;
    }
    Ok(())
}
