use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use durabox_runtime::engine::service::Execution;
use durabox_runtime::model::{ExecutionStatus, Timestamp};
use durabox_runtime::store::Recorder;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

use crate::ServiceError;
use crate::function::{DurableConfig, FunctionVersion};
use crate::tail::Tail;
use crate::timeline::Member;

/// What the server keeps of an execution besides the machine's own state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Metadata {
    /// The version that every invocation runs.
    pub version: String,
    /// As it was invoked, alias included.
    pub function_arn: String,
    /// As it was when the execution started.
    pub durable_config: DurableConfig,
    /// What the function was invoked with to trace it.
    pub trace_header: Option<String>,
    /// The tenant that it was invoked for.
    pub tenant_id: Option<String>,
}

impl Metadata {
    /// Returns how long the execution is kept after it has closed.
    pub const fn retention(&self) -> Duration {
        Duration::from_hours(self.durable_config.retention_period_in_days * 24)
    }
}

/// The chained invoke that started an execution.
#[derive(Clone, Debug)]
pub struct Parent {
    /// The execution that invoked.
    pub arn: String,
    /// The invoke's operation in it.
    pub operation_id: String,
}

/// Nothing to do at a count of changes, before a time.
#[derive(Clone, Copy, Debug)]
struct Rest {
    changes: u64,
    due: Option<Timestamp>,
}

/// An execution that has not closed, as its driver and the requests share it.
#[derive(Debug)]
pub struct Hosted {
    pub arn: String,
    pub name: String,
    pub function: Arc<FunctionVersion>,
    pub metadata: Metadata,
    pub parent: Option<Parent>,
    pub member: Member,
    /// Its log, if the caller who started it asked for that.
    pub tail: Option<Tail>,
    execution: Mutex<Execution>,
    recorder: Recorder,
    /// Why its state can no longer be kept; it goes on after a restart, from what was kept last.
    broken: Mutex<Option<String>>,
    pub wake: Arc<Notify>,
    /// Counts changes from outside the driver.
    changes: AtomicU64,
    /// Since when its driver has had nothing to do; absent while it has.
    rest: Mutex<Option<Rest>>,
    /// Plain functions that run for it.
    pub calls: AtomicUsize,
    /// The last request of each kind that had a client token.
    repeatable: Mutex<Vec<(&'static str, String)>>,
    closed: watch::Sender<bool>,
    /// Whether its end has been told to its parent and to the log.
    announced: AtomicBool,
    /// Whether its deletion came before the end of its last invocation.
    forgotten: AtomicBool,
}

impl Hosted {
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        name: String,
        function: Arc<FunctionVersion>,
        metadata: Metadata,
        parent: Option<Parent>,
        member: Member,
        execution: Execution,
        recorder: Recorder,
    ) -> Self {
        Self {
            arn: execution.arn().to_owned(),
            name,
            function,
            metadata,
            parent,
            member,
            tail: None,
            execution: Mutex::new(execution),
            recorder,
            broken: Mutex::default(),
            wake: Arc::default(),
            changes: AtomicU64::new(0),
            rest: Mutex::default(),
            calls: AtomicUsize::new(0),
            repeatable: Mutex::default(),
            closed: watch::Sender::new(false),
            announced: AtomicBool::new(false),
            forgotten: AtomicBool::new(false),
        }
    }

    /// Returns its number in the store.
    pub fn number(&self) -> u64 {
        self.recorder.number()
    }

    pub fn execution(&self) -> MutexGuard<'_, Execution> {
        self.execution.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> Timestamp {
        self.member.timeline().clock().now()
    }

    /// Changes the execution, keeps the change, and lets its driver see it.
    pub fn change<T>(&self, change: impl FnOnce(&mut Execution, Timestamp) -> T) -> Result<T, ServiceError> {
        let answer = self.change_quietly(|execution, now| {
            self.changes.fetch_add(1, Ordering::AcqRel);
            change(execution, now)
        })?;
        self.member.busy();
        self.wake.notify_one();
        Ok(answer)
    }

    /// Changes the execution for its own driver, which needs no wake-up.
    pub fn change_quietly<T>(&self, change: impl FnOnce(&mut Execution, Timestamp) -> T) -> Result<T, ServiceError> {
        if let Some(problem) = &*self.broken() {
            return Err(ServiceError::Service(problem.clone()));
        }
        let mut execution = self.execution();
        let now = self.now();
        let answer = change(&mut execution, now);
        if self.is_forgotten() {
            return Ok(answer);
        }
        if let Err(error) = self.recorder.save(&mut execution) {
            let problem = format!("the state of {} cannot be kept: {error}", self.arn);
            *self.broken() = Some(problem.clone());
            return Err(ServiceError::Service(problem));
        }
        Ok(answer)
    }

    /// Says that its rows are gone: what its last invocation still does is not kept. Called with the
    /// execution locked, so that no change is being kept meanwhile.
    pub fn forget(&self) {
        self.forgotten.store(true, Ordering::Release);
    }

    /// Whether its rows are gone.
    pub fn is_forgotten(&self) -> bool {
        self.forgotten.load(Ordering::Acquire)
    }

    /// Whether the last request of this kind had this client token.
    pub fn is_repeated(&self, kind: &str, client_token: Option<&str>) -> bool {
        let known = self.repeatable.lock().unwrap_or_else(PoisonError::into_inner);
        client_token.is_some_and(|token| known.iter().any(|(other, last)| *other == kind && last == token))
    }

    /// Keeps the client token of a request that was carried out.
    pub fn remember(&self, kind: &'static str, client_token: Option<String>) {
        let mut known = self.repeatable.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(other, _)| *other != kind);
        known.extend(client_token.map(|token| (kind, token)));
    }

    /// Returns how often the execution was changed from outside its driver.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Says that its driver found nothing to do before `due`, when it had been changed so often.
    pub fn rest(&self, changes: u64, due: Option<Timestamp>) {
        *self.resting() = Some(Rest { changes, due });
    }

    /// Says that its driver has something to do.
    pub fn work(&self) {
        *self.resting() = None;
    }

    /// Whether nothing is to be done before a timer or somebody outside; nothing can be once its state
    /// cannot be kept.
    pub fn is_at_rest(&self) -> bool {
        let rest = *self.resting();
        let rests =
            rest.is_some_and(|rest| rest.changes == self.changes() && rest.due.is_none_or(|due| due > self.now()));
        (rests && self.calls.load(Ordering::Acquire) == 0) || self.broken().is_some()
    }

    fn resting(&self) -> MutexGuard<'_, Option<Rest>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn broken(&self) -> MutexGuard<'_, Option<String>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has closed from outside, which does not wait for the invocation under way.
    pub fn is_cut_short(&self) -> bool {
        matches!(self.execution().status(), ExecutionStatus::Stopped | ExecutionStatus::TimedOut)
    }

    /// Returns whether its end is still to be announced; from then on it is not.
    pub fn take_announcement(&self) -> bool {
        !self.announced.swap(true, Ordering::AcqRel)
    }

    /// Tells everyone who waits for the end.
    pub fn tell_closed(&self) {
        self.closed.send_replace(true);
    }

    /// Waits for the end.
    pub async fn wait_closed(&self) {
        // The sender lives as long as `self`.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }
}
