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

#[cfg(test)]
mod tests {
    use durabox_engine::service::StartExecution;
    use durabox_model::Timestamp;

    use super::*;

    fn begun(background: &Arc<Background>, name: &str) -> (Execution, Recorder) {
        let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/{name}/e");
        let start = StartExecution { arn, input: Some("7".into()), config: Default::default() };
        let mut execution = Execution::start(start, Timestamp::from_millis(1));
        let run = NewRun { name, function_name: "f", wasm_sha256: "", seed: 0, invoked_by: None, hosted: None };
        let recorder = background.begin(&mut execution, &run).expect("a row");
        (execution, recorder)
    }

    #[test]
    fn everything_is_written_when_it_has_finished() {
        let store = Store::in_memory().expect("a store");
        let background = Background::of(&store);
        let kept: Vec<Execution> = (0..MOST_WAITING)
            .map(|number| {
                let (mut execution, recorder) = begun(&background, &number.to_string());
                execution.stop(None, Timestamp::from_millis(2));
                recorder.save(&mut execution).expect("kept");
                execution
            })
            .collect();
        background.finish().expect("written");
        for execution in kept {
            let recorded = store.find(execution.arn()).expect("the run");
            assert_eq!(recorded.status, execution.status());
            assert_eq!(recorded.events, execution.events());
            assert_eq!(recorded.operations, execution.operations());
        }
    }

    #[test]
    fn what_could_not_be_written_is_told_once() {
        let store = Store::in_memory().expect("a store");
        store.with(|connection| connection.execute_batch("DROP TABLE events")).expect("no table");
        let background = Background::of(&store);
        let (mut execution, recorder) = begun(&background, "n");
        execution.stop(None, Timestamp::from_millis(2));
        let told = [recorder.save(&mut execution), background.finish()];
        let told: Vec<String> = told.into_iter().filter_map(|told| Some(told.err()?.to_string())).collect();
        assert_eq!(told, [":memory:: no such table: events"]);
    }

    #[test]
    fn a_run_that_is_dropped_is_kept_as_far_as_it_came() {
        let store = Store::in_memory().expect("a store");
        let background = Background::of(&store);
        let (execution, recorder) = begun(&background, "n");
        drop((background, recorder));
        assert_eq!(store.find("n").expect("the run").events, execution.events());
    }
}
