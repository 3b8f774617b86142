//! The functions and the executions, and what Lambda's API does to them.

mod chained;
mod error;
mod executions;
mod functions;
mod start;

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use durabox_runtime::model::Timestamp;
use durabox_runtime::store::{self, Store, StoreError};
use durabox_runtime::{ArtifactError, Clock, Sandbox};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::driver;
use crate::function::FunctionVersion;
use crate::hosted::{Hosted, Metadata, Parent};
use crate::log::{LogRecord, LogSink};
use crate::names::Account;
use crate::registry::Registry;
use crate::serve::GRACE;
use crate::tail::Tails;
use crate::timeline::Timeline;

pub use error::ServiceError;
pub use executions::{CallbackAnswer, History, HistoryQuery, Snapshot};
pub use functions::CodeSource;
pub use start::{Invoked, PlainFailure, StartRequest, failure};

/// How a server is made.
#[derive(Clone)]
pub struct ServiceOptions {
    /// Where executions, functions and compiled components are kept; absent to keep them in memory.
    pub state_dir: Option<PathBuf>,
    /// Whose functions these are.
    pub account: Account,
    /// Whether time is skipped when nothing is left to do.
    pub skip_time: bool,
    /// Operations in a page of an invocation's event and of the state.
    pub page_size: usize,
    /// Bounds.
    pub limits: Limits,
    /// Where functions' processes reach this server, for their checkpoints.
    pub endpoint: String,
    /// Variables that processes get besides their own and Lambda's, such as credentials for the endpoint.
    pub function_environment: Vec<(String, String)>,
    /// Takes the log.
    pub log: Option<LogSink>,
}

/// What a server takes at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Executions that have not closed; one more is a TooManyRequestsException.
    pub open_executions: usize,
    /// Invocations at a time. Beyond, who waits for the answer has a TooManyRequestsException, the rest waits.
    /// Lambda's account concurrency is 1,000.
    pub concurrent_invocations: usize,
    /// Processes of one function at a time. Beyond, who waits for the answer of a plain function has a
    /// TooManyRequestsException, the rest waits.
    pub processes_per_function: usize,
    /// Connections at a time; more wait.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { open_executions: 100_000, concurrent_invocations: 1_000, processes_per_function: 20, connections: 1_000 }
    }
}

/// Why a server could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sandbox, or a component.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// Another process has the executions of this directory.
    #[error("{} is in use by another process", directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// A function that was kept.
    #[error("the function {name}, which is kept in {}, cannot be used: {problem}", directory.display())]
    Function {
        /// The function.
        name: String,
        /// Where it is kept.
        directory: PathBuf,
        /// Why.
        problem: String,
    },
    /// A directory.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Lambda, as far as durable functions need it.
pub struct Service {
    options: ServiceOptions,
    sandbox: Sandbox,
    store: Store,
    pub(crate) registry: Registry,
    open: Mutex<HashMap<String, Arc<Hosted>>>,
    /// Held while an execution with a name is started.
    starting: Mutex<()>,
    invocations: Arc<Semaphore>,
    /// The time in which nothing is skipped: that of starts and of retention.
    clock: Clock,
    /// The logs that callers wait for.
    pub(crate) tails: Tails,
    /// Held while this process has the directory's executions.
    _lock: Option<File>,
    /// Where the code of functions is unpacked.
    code_dir: functions::CodeDir,
    /// Whether the server takes no new work.
    ending: AtomicBool,
    /// How many callers have brought work and wait for the answer.
    callers: watch::Sender<usize>,
    /// Whether the server has ended.
    ended: watch::Sender<bool>,
}

/// A caller who has brought work.
pub(crate) struct Caller<'a>(&'a watch::Sender<usize>);

impl<'a> Caller<'a> {
    fn of(callers: &'a watch::Sender<usize>) -> Self {
        callers.send_modify(|callers| *callers += 1);
        Self(callers)
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|callers| *callers -= 1);
    }
}

/// Takes a directory for this process; the system lets it go when the process ends, however it ends.
fn lock(directory: &Path) -> Result<File, ServerError> {
    let io = |path: &Path, source| ServerError::Io { path: path.to_owned(), source };
    std::fs::create_dir_all(directory).map_err(|error| io(directory, error))?;
    let path = directory.join("lock");
    let file = File::create(&path).map_err(|error| io(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ServerError::InUse { directory: directory.to_owned() }),
        Err(TryLockError::Error(error)) => Err(io(&path, error)),
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("state_dir", &self.options.state_dir).finish_non_exhaustive()
    }
}

impl Service {
    /// Opens the store and takes up the functions that are kept there. Executions go on with
    /// [`Service::resume`], once every function is known.
    pub fn new(options: ServiceOptions) -> Result<Arc<Self>, ServerError> {
        let (store, lock) = match &options.state_dir {
            Some(directory) => {
                // Two processes would both drive the same executions.
                let lock = lock(directory)?;
                (Store::open(directory)?, Some(lock))
            }
            None => (Store::in_memory()?, None),
        };
        let sandbox = crate::invoke::sandbox(options.state_dir.as_ref().map(|directory| directory.join("cache")))?;
        let service = Arc::new(Self {
            code_dir: functions::CodeDir::new(options.state_dir.as_deref())?,
            invocations: Arc::new(Semaphore::new(options.limits.concurrent_invocations)),
            sandbox,
            store,
            registry: Registry::default(),
            open: Mutex::default(),
            starting: Mutex::default(),
            clock: Clock::real(),
            tails: Tails::default(),
            _lock: lock,
            ending: AtomicBool::new(false),
            callers: watch::Sender::new(0),
            ended: watch::Sender::new(false),
            options,
        });
        service.load_functions()?;
        Ok(service)
    }

    /// Lets every execution that has not closed go on. An invocation that ran when the server ended is
    /// made again. Must be called in a tokio runtime. Returns how many there are.
    pub fn resume(self: &Arc<Self>) -> Result<usize, StoreError> {
        self.store.delete_expired(self.clock.now())?;
        let kept = self.store.hosted_open()?;
        let arns: HashMap<u64, String> = kept.iter().map(|one| (one.number, one.arn.clone())).collect();
        let mut timelines: HashMap<u64, Timeline> = HashMap::new();
        let mut resumed = Vec::new();
        for one in kept {
            let timeline = match &one.invoked_by {
                Some((parent, _)) => timelines.get(parent).cloned(),
                None => None,
            }
            .unwrap_or_else(|| Timeline::new(self.options.skip_time));
            timelines.insert(one.number, timeline.clone());
            let parent = one.invoked_by.as_ref().and_then(|(parent, operation)| {
                Some(Parent { arn: arns.get(parent)?.clone(), operation_id: operation.clone() })
            });
            resumed.extend(self.take_up(&one, timeline, parent)?);
        }
        for hosted in &resumed {
            self.resume_chained(hosted);
        }
        for hosted in &resumed {
            tokio::spawn(driver::drive(Arc::clone(self), Arc::clone(hosted)));
        }
        Ok(resumed.len())
    }

    /// Takes an execution up as it was kept, unless its function is gone: then it waits for a start
    /// of the server that knows the function.
    fn take_up(
        self: &Arc<Self>,
        kept: &store::Hosted,
        timeline: Timeline,
        parent: Option<Parent>,
    ) -> Result<Option<Arc<Hosted>>, StoreError> {
        let metadata: Metadata = match serde_json::from_str(&kept.hosted) {
            Ok(metadata) => metadata,
            Err(error) => {
                self.say("ERROR", &format!("{} cannot be taken up: {error}", kept.arn));
                return Ok(None);
            }
        };
        let Some(function) = self.version(&kept.function_name, &metadata.version) else {
            let message =
                format!("{} waits: there is no function {}:{}", kept.arn, kept.function_name, metadata.version);
            self.say("WARN", &message);
            return Ok(None);
        };
        let (execution, recorder) = match self.store.take_up(kept.number, metadata.retention()) {
            // The others are none the worse for it.
            Err(error @ StoreError::Corrupt { .. }) => {
                self.say("ERROR", &format!("{} cannot be taken up: {error}", kept.arn));
                return Ok(None);
            }
            taken_up => taken_up?,
        };
        // Its time is never behind what its history says, which may have been skipped to.
        let latest = execution.events().last().map_or(Timestamp::default(), |event| event.event_timestamp);
        timeline.clock().skip_to(latest);
        let hosted = Hosted::new(kept.name.clone(), function, metadata, parent, timeline.join(), execution, recorder);
        let hosted = Arc::new(hosted);
        let lost = durabox_runtime::model::ErrorObject::new("Runtime.ExitError", "the server ended while it ran");
        if let Err(error) = hosted.change(|execution, now| execution.interrupt_invocation(lost, now)) {
            self.log_error(&hosted, &error.to_string());
            return Ok(None);
        }
        self.open().insert(hosted.arn.clone(), Arc::clone(&hosted));
        Ok(Some(hosted))
    }

    /// Returns the options.
    pub fn options(&self) -> &ServiceOptions {
        &self.options
    }

    /// Returns the sandbox of all components.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns what takes the lines of functions: to the log, and to the callers that wait for them.
    pub(crate) fn function_log(&self) -> LogSink {
        let (log, tails) = (self.options.log.clone(), self.tails.clone());
        Arc::new(move |record: &LogRecord| {
            tails.take(record);
            if let Some(log) = &log {
                log(record);
            }
        })
    }

    /// Returns the names of the functions, in order.
    pub fn function_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.registry.read().keys().cloned().collect();
        names.sort();
        names
    }

    /// Returns how many executions have not closed.
    pub fn open_count(&self) -> usize {
        self.open().values().filter(|hosted| !hosted.execution().status().is_terminal()).count()
    }

    /// Whether every open execution waits: for a timer, or for somebody outside.
    pub fn is_at_rest(&self) -> bool {
        self.open().values().all(|hosted| hosted.is_at_rest())
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, Arc<Hosted>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn version(&self, name: &str, version: &str) -> Option<Arc<FunctionVersion>> {
        self.registry.read().get(name)?.version(Some(version)).cloned()
    }

    /// Waits until one more invocation may run.
    pub(crate) async fn invocation_permit(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.invocations).acquire_owned().await.ok()
    }

    /// Takes no new work, and answers the callers that wait, for at most [`GRACE`]. Then lets go of every
    /// execution as it stands, to go on when the server is started again, and ends the processes of every
    /// function. Requests, such as checkpoints, must still be answered meanwhile.
    pub async fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
        let mut callers = self.callers.subscribe();
        // Who is not answered by then is told so.
        let _ = tokio::time::timeout(GRACE, callers.wait_for(|callers| *callers == 0)).await;
        self.ended.send_replace(true);
        self.shutdown_functions().await;
    }

    /// Notes a caller who brings work, until what is returned is dropped; refuses it when the server is ending.
    pub(crate) fn caller(&self) -> Result<Caller<'_>, ServiceError> {
        let caller = Caller::of(&self.callers);
        match self.ending.load(Ordering::SeqCst) {
            false => Ok(caller),
            true => Err(ServiceError::Service("the server is ending, and takes no new work".into())),
        }
    }

    /// Returns at once while the server runs, and never when it has ended: what is seen then is that end.
    pub(crate) async fn goes_on(&self) {
        if *self.ended.borrow() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the server's end.
    pub(crate) async fn ended(&self) {
        // The sender lives as long as `self`.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// Returns the permit of an invocation if it may run now.
    pub(crate) fn permit_at_once(&self) -> Result<OwnedSemaphorePermit, ServiceError> {
        let limit = self.options.limits.concurrent_invocations;
        Arc::clone(&self.invocations)
            .try_acquire_owned()
            .map_err(|_| ServiceError::too_many_invocations(format!("Rate Exceeded: {limit} invocations are running")))
    }

    /// Forgets an execution that its driver has left, once it has told everyone.
    pub(crate) fn close(self: &Arc<Self>, hosted: &Arc<Hosted>) {
        if hosted.execution().status().is_terminal() {
            self.announce(hosted);
            self.open().remove(&hosted.arn);
        }
        hosted.tell_closed();
    }

    /// Tells of the end of an execution that was closed from outside, while its last invocation goes on.
    pub(crate) fn close_early(self: &Arc<Self>, hosted: &Hosted) {
        self.announce(hosted);
        hosted.tell_closed();
    }

    /// Tells the parent and the log of an execution's end, the first time that it is called.
    fn announce(self: &Arc<Self>, hosted: &Hosted) {
        if !hosted.take_announcement() {
            return;
        }
        self.tell_parent(hosted);
        let status = hosted.execution().status().as_str();
        self.log(
            &LogRecord::new("INFO", format!("execution {status}"), hosted.now())
                .of_function(&hosted.function.name)
                .of_execution(&hosted.arn),
        );
    }

    pub(crate) fn log(&self, record: &LogRecord) {
        if let Some(log) = &self.options.log {
            log(record);
        }
    }

    pub(crate) fn say(&self, level: &'static str, message: &str) {
        self.log(&LogRecord::new(level, message, self.now()));
    }

    pub(crate) fn log_error(&self, hosted: &Hosted, message: &str) {
        self.log(&LogRecord::new("ERROR", message, hosted.now()).of_execution(&hosted.arn));
    }
}
