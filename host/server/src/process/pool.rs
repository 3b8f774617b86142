use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::guardian::Guardian;
use super::instance::{Event, Instance, Process};
use super::{Invocation, InvokeError, ProcessConfig};

/// How long processes may take to end when they are asked to, before they are killed: the 2 seconds
/// of Lambda's shutdown phase.
const GRACE: Duration = Duration::from_secs(2);

/// The processes of one version of a function. Clones are handles of the same processes, which are
/// killed when the last handle is dropped.
#[derive(Clone)]
pub struct Processes(Arc<Pool>);

struct Pool {
    config: Arc<ProcessConfig>,
    /// One for each invocation that may be under way, each with a process of its own.
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Frozen processes, the one that worked last at the end.
    idle: Vec<Idle>,
    /// Whether a task ends the idle ones.
    is_watched: bool,
    closed: bool,
    /// All processes that have not ended, and some that have.
    living: Vec<Process>,
    guardian: Option<Arc<Guardian>>,
}

/// Room for one invocation among those of a function; given back when it is dropped.
#[derive(Debug)]
pub struct Room {
    _permit: OwnedSemaphorePermit,
}

struct Idle {
    instance: Instance,
    since: Instant,
}

impl Processes {
    /// Returns a function version with no process: they are started as they are needed.
    pub fn new(config: ProcessConfig) -> Self {
        let places = Arc::new(Semaphore::new(config.max_concurrency));
        Self(Arc::new(Pool { config: Arc::new(config), places, state: Mutex::default() }))
    }

    /// Returns what the processes are.
    pub fn config(&self) -> &ProcessConfig {
        &self.0.config
    }

    /// Hands an event to a process, and returns what it answers.
    ///
    /// The process that worked last is taken, or a new one started when all are busy; a process that
    /// has crashed is replaced. As in Lambda the invocation goes on when its caller stops waiting.
    ///
    /// # Errors
    ///
    /// [`InvokeError::Function`] when the function fails; see there for the others. There is no
    /// queue: above [`ProcessConfig::max_concurrency`] it is [`InvokeError::TooManyRequests`] at once.
    pub async fn invoke(&self, invocation: Invocation) -> Result<Bytes, InvokeError> {
        let event = Event::new(invocation, &self.0.config)?;
        let limit = self.0.config.max_concurrency;
        let permit = Arc::clone(&self.0.places).try_acquire_owned();
        let permit = permit.map_err(|_| InvokeError::TooManyRequests { limit })?;
        self.work(event, Room { _permit: permit }).await
    }

    /// Waits while as many processes as may be are busy, and returns the room for one invocation.
    pub async fn room(&self) -> Option<Room> {
        // The semaphore is never closed, so there is always room some day.
        let permit = Arc::clone(&self.0.places).acquire_owned().await.ok()?;
        Some(Room { _permit: permit })
    }

    /// Hands an event to a process as [`Processes::invoke`] does, in the room that was waited for.
    ///
    /// # Errors
    ///
    /// As [`Processes::invoke`], without [`InvokeError::TooManyRequests`].
    pub async fn invoke_in(&self, room: Room, invocation: Invocation) -> Result<Bytes, InvokeError> {
        let event = Event::new(invocation, &self.0.config)?;
        self.work(event, room).await
    }

    async fn work(&self, event: Event, room: Room) -> Result<Bytes, InvokeError> {
        let place = Place::take(&self.0, room)?;
        let working = tokio::spawn(place.work(event));
        working.await.unwrap_or_else(|lost| Err(InvokeError::Service(std::io::Error::other(lost))))
    }

    /// Ends all processes: they are asked to, and killed after 2 seconds. Invocations under way fail
    /// with the end of their process, and no other begins.
    pub async fn shutdown(&self) {
        let living = {
            let mut state = self.0.state();
            state.closed = true;
            std::mem::take(&mut state.living)
        };
        for process in &living {
            process.group.terminate();
        }
        let ended = async {
            for process in &living {
                process.exited().await;
            }
        };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            for process in &living {
                process.group.kill();
                process.exited().await;
            }
        }
        let idle = std::mem::take(&mut self.0.state().idle);
        for Idle { instance, .. } in &idle {
            instance.tell_output().await;
        }
    }
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the processes that have been idle for too long; returns whether that is all of them.
    fn end_idle(&self) -> bool {
        let mut state = self.state();
        state.idle.retain(|idle| idle.since.elapsed() < self.config.idle_timeout);
        state.is_watched = !state.idle.is_empty();
        state.idle.is_empty()
    }
}

/// Ends idle processes until there are none.
async fn watch_idle(pool: Weak<Pool>, timeout: Duration) {
    loop {
        tokio::time::sleep(timeout).await;
        if pool.upgrade().is_none_or(|pool| pool.end_idle()) {
            return;
        }
    }
}

/// One of the places for invocations that may be under way, with the process that had it last.
struct Place {
    pool: Arc<Pool>,
    instance: Option<Instance>,
    _room: Room,
}

impl Place {
    fn take(pool: &Arc<Pool>, room: Room) -> Result<Self, InvokeError> {
        let mut state = pool.state();
        if state.closed {
            return Err(InvokeError::ShuttingDown);
        }
        state.idle.retain(|idle| idle.instance.process().is_alive());
        let instance = state.idle.pop().map(|idle| idle.instance);
        Ok(Self { pool: pool.clone(), instance, _room: room })
    }

    async fn work(mut self, event: Event) -> Result<Bytes, InvokeError> {
        let mut instance = match self.instance.take() {
            Some(warm) => warm,
            None => self.start(event.request_id()).await?,
        };
        let outcome = instance.invoke(event).await;
        // Put back, unless it is of no more use, when this is dropped.
        self.instance = outcome.reusable.then_some(instance);
        Ok(outcome.result?)
    }

    async fn start(&self, request_id: &str) -> Result<Instance, InvokeError> {
        let guardian = self.guardian()?;
        let mut instance = Instance::start(self.pool.config.clone(), guardian, request_id).await?;
        {
            let mut state = self.pool.state();
            if state.closed {
                return Err(InvokeError::ShuttingDown);
            }
            state.living.retain(Process::is_alive);
            state.living.push(instance.process().clone());
        }
        instance.init(request_id).await?;
        Ok(instance)
    }

    fn guardian(&self) -> Result<Arc<Guardian>, InvokeError> {
        let mut state = self.pool.state();
        if let Some(guardian) = &state.guardian {
            return Ok(guardian.clone());
        }
        let guardian = Arc::new(Guardian::start()?);
        Ok(state.guardian.insert(guardian).clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        let Some(instance) = self.instance.take().filter(|_| !state.closed) else { return };
        state.idle.push(Idle { instance, since: Instant::now() });
        // There is no runtime when the server ends, and the processes with it.
        if let (false, Ok(runtime)) = (state.is_watched, Handle::try_current()) {
            state.is_watched = true;
            runtime.spawn(watch_idle(Arc::downgrade(&self.pool), self.pool.config.idle_timeout));
        }
    }
}
