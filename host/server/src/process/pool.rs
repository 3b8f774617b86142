use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;

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
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Frozen processes, the one that worked last at the end.
    idle: Vec<Instance>,
    /// Invocations under way, each with a process of its own.
    busy: usize,
    closed: bool,
    /// All processes that have not ended, and some that have.
    living: Vec<Process>,
    guardian: Option<Arc<Guardian>>,
}

impl Processes {
    /// Returns a function version with no process: they are started as they are needed.
    pub fn new(config: ProcessConfig) -> Self {
        Self(Arc::new(Pool { config: Arc::new(config), state: Mutex::default() }))
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
        let place = Place::take(&self.0)?;
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
        for instance in &idle {
            instance.tell_output().await;
        }
    }
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the places for invocations that may be under way, with the process that had it last.
struct Place {
    pool: Arc<Pool>,
    instance: Option<Instance>,
}

impl Place {
    fn take(pool: &Arc<Pool>) -> Result<Self, InvokeError> {
        let mut state = pool.state();
        if state.closed {
            return Err(InvokeError::ShuttingDown);
        }
        let limit = pool.config.max_concurrency;
        if state.busy >= limit {
            return Err(InvokeError::TooManyRequests { limit });
        }
        state.busy += 1;
        state.idle.retain(|instance| instance.process().is_alive());
        let instance = state.idle.pop();
        Ok(Self { pool: pool.clone(), instance })
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
        state.busy -= 1;
        if let Some(instance) = self.instance.take().filter(|_| !state.closed) {
            state.idle.push(instance);
        }
    }
}
