//! Keeps local runs by a thread of its own: a run goes on while what changed of it is written, as much
//! at a time as has come together. Nobody can take a local run up again; so it waits only where a person
//! may look (a real wait, Ctrl-C, its end), when a chained invoke begins, and when too much has piled up.
//! Of one whose process is killed, what came last may be missing.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
pub(crate) struct Background {
    store: Store,
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
}

#[derive(Debug)]
enum Job {
    Write(Write<'static>),
    /// Everything before it is written when this is answered.
    Settle(SyncSender<()>),
}

impl Background {
    /// Begins to wait for changes.
    pub(crate) fn of(store: &Store) -> Result<Arc<Self>, StoreError> {
        let (jobs, waiting) = sync_channel(MOST_WAITING);
        let own = store.clone();
        let thread = std::thread::Builder::new()
            .name("durabox-store".into())
            .spawn(move || work(&own, &waiting))
            .map_err(|error| StoreError::Io { path: store.path.clone(), problem: error.to_string() })?;
        let background =
            Arc::new(Self { store: store.clone(), jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) });
        *lock(&store.background) = Arc::downgrade(&background);
        Ok(background)
    }

    /// Begins to keep an execution that has just started.
    pub(crate) fn begin(self: &Arc<Self>, execution: &mut Execution, run: &NewRun<'_>) -> Result<Recorder, StoreError> {
        self.store.begin_with(Writer::Background(Arc::clone(self)), execution, run)
    }

    /// Has something written. Fails if something before it could not be; that is said once, and whatever
    /// comes later is dropped.
    pub(super) fn write(&self, write: Write<'static>) -> Result<(), StoreError> {
        if self.send(Job::Write(write)) { Ok(()) } else { self.finish() }
    }

    /// Waits until everything so far is written; says what could not be, if nobody heard of it yet.
    pub(crate) fn settle(&self) -> Result<(), StoreError> {
        let (answer, settled) = sync_channel(1);
        if self.send(Job::Settle(answer)) && settled.recv().is_ok() { Ok(()) } else { self.finish() }
    }

    /// Writes everything, and no more after it; says what could not be, if nobody heard of it yet.
    pub(crate) fn finish(&self) -> Result<(), StoreError> {
        match self.stop().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(written)) => written,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }

    fn send(&self, job: Job) -> bool {
        lock(&self.jobs).as_ref().is_some_and(|jobs| jobs.send(job).is_ok())
    }

    /// Lets the thread end once it has nothing left to write.
    fn stop(&self) -> Option<JoinHandle<Result<(), StoreError>>> {
        drop(lock(&self.jobs).take());
        lock(&self.thread).take()
    }
}

impl Drop for Background {
    /// A run that was dropped is kept as far as it came; there is nobody to tell what could not be.
    fn drop(&mut self) {
        let _ = self.stop().map(JoinHandle::join);
    }
}

fn work(store: &Store, waiting: &Receiver<Job>) -> Result<(), StoreError> {
    while let Ok(first) = waiting.recv() {
        let (mut writes, mut settled) = (Vec::new(), Vec::new());
        for job in std::iter::once(first).chain(waiting.try_iter().take(MOST_AT_ONCE - 1)) {
            match job {
                Job::Write(write) => writes.push(write),
                Job::Settle(answer) => settled.push(answer),
            }
        }
        store.write(&writes)?;
        for answer in settled {
            // Who asked may have gone.
            let _ = answer.send(());
        }
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn everything_is_written_when_it_has_settled() {
        let store = Store::in_memory().expect("a store");
        let background = Background::of(&store).expect("a thread");
        let kept: Vec<Execution> = (0..MOST_WAITING)
            .map(|number| {
                let (mut execution, recorder) = begun(&background, &number.to_string());
                execution.stop(None, Timestamp::from_millis(2));
                recorder.save(&mut execution).expect("kept");
                execution
            })
            .collect();
        background.settle().expect("written");
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
        let background = Background::of(&store).expect("a thread");
        let (mut execution, recorder) = begun(&background, "n");
        store.execute("DROP TABLE events");
        execution.stop(None, Timestamp::from_millis(2));
        let told = [recorder.save(&mut execution), background.settle(), background.finish()];
        let told: Vec<String> = told.into_iter().filter_map(|told| Some(told.err()?.to_string())).collect();
        assert_eq!(told, [":memory:: no such table: events"]);
    }

    #[test]
    fn a_run_that_is_dropped_is_kept_as_far_as_it_came() {
        let store = Store::in_memory().expect("a store");
        let background = Background::of(&store).expect("a thread");
        let (execution, recorder) = begun(&background, "n");
        drop((background, recorder));
        assert_eq!(store.find("n").expect("the run").events, execution.events());
    }
}
