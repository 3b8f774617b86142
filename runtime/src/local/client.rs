//! Lambda's API, answered by an execution in this process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use durabox_engine::service::{ChainedInvoke, Execution};
use durabox_engine::{CheckpointOutput, CheckpointRequest};
use durabox_model::{ErrorObject, Operation, OperationAction, OperationType, Timestamp};

use super::callbacks::Callbacks;
use super::faults::{CheckpointFate, Faults, injected};
use super::invokes::{Invokes, StartedInvoke};
use super::{LocalError, Observer, Progress, lock};
use crate::clock::Clock;
use crate::sandbox::{CheckpointClient, CheckpointFailure, CheckpointFuture};
use crate::store::{Recorder, StoreError};

/// What every execution of a run shares.
pub(super) struct Surroundings {
    pub(super) clock: Clock,
    pub(super) faults: Arc<Mutex<Faults>>,
    pub(super) observer: Option<Observer>,
    pub(super) callbacks: Mutex<Callbacks>,
    pub(super) invokes: Mutex<Invokes>,
    /// The first failure to keep a change; it ends the run.
    pub(super) store_error: Mutex<Option<StoreError>>,
}

impl Surroundings {
    pub(super) fn callbacks(&self) -> MutexGuard<'_, Callbacks> {
        lock(&self.callbacks)
    }

    pub(super) fn invokes(&self) -> MutexGuard<'_, Invokes> {
        lock(&self.invokes)
    }

    pub(super) fn take_store_error(&self) -> Result<(), LocalError> {
        match lock(&self.store_error).take() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }
}

/// One execution, as its driver and its running invocation share it.
pub(super) struct Shared {
    /// Its place among the executions of the run.
    pub(super) member: usize,
    pub(super) execution: Mutex<Execution>,
    pub(super) recorder: Option<Recorder>,
    pub(super) surroundings: Arc<Surroundings>,
}

impl Shared {
    pub(super) fn execution(&self) -> MutexGuard<'_, Execution> {
        lock(&self.execution)
    }

    pub(super) fn into_execution(self) -> Execution {
        self.execution.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the execution and keeps the change.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Execution) -> T) -> Result<T, LocalError> {
        let mut execution = self.execution();
        let answer = change(&mut execution);
        self.save(&mut execution)?;
        Ok(answer)
    }

    fn save(&self, execution: &mut Execution) -> Result<(), StoreError> {
        match &self.recorder {
            Some(recorder) => recorder.save(execution),
            None => Ok(()),
        }
    }

    /// Follows the pages of the state to their end.
    pub(super) fn whole_state(
        &self,
        mut operations: Vec<Arc<Operation>>,
        mut marker: Option<String>,
        token: &str,
    ) -> Vec<Arc<Operation>> {
        while let Some(from) = marker {
            match self.execution().state(token, Some(&from), 0) {
                Ok(page) => {
                    operations.extend(page.operations);
                    marker = page.next_marker;
                }
                // Only a stale token ends here, and the invocation's next checkpoint says so.
                Err(_) => break,
            }
        }
        operations
    }

    /// Gives the execution the answers that came before `now`, while a step took its time. Those of
    /// this instant come when nothing runs.
    pub(super) fn answer_earlier(&self, execution: &mut Execution, now: Timestamp) {
        let before = Timestamp::from_millis(now.as_millis().saturating_sub(1));
        self.surroundings.callbacks().answer_due(self.member, execution, before);
    }

    /// Takes note of what a checkpoint has started outside the execution.
    fn note_started(&self, execution: &mut Execution, starts_callback: bool) {
        if starts_callback {
            self.surroundings.callbacks().note(self.member, execution);
        }
        for invoke in execution.take_chained_invokes() {
            self.start_invoke(execution, invoke);
        }
    }

    fn start_invoke(&self, execution: &mut Execution, invoke: ChainedInvoke) {
        let mut invokes = self.surroundings.invokes();
        let target = invokes.resolve(execution.arn(), &invoke);
        execution.chained_invoke_started(&invoke.operation_id, target.version(), target.execution_arn());
        invokes.push(StartedInvoke { member: self.member, invoke, target });
    }
}

/// Lambda's API, as an invocation of one execution sees it.
pub(super) struct LocalClient(pub(super) Arc<Shared>);

impl LocalClient {
    fn call(&self, request: CheckpointRequest) -> Result<CheckpointOutput, CheckpointFailure> {
        let shared = &self.0;
        let now = shared.surroundings.clock.now();
        let starts_callback = request
            .updates
            .iter()
            .any(|update| update.operation_type == OperationType::Callback && update.action == OperationAction::Start);
        let mut execution = shared.execution();
        shared.answer_earlier(&mut execution, now);
        let mut output = execution.checkpoint(request, now).map_err(|rejection| CheckpointFailure::Rejected {
            error: ErrorObject::new("InvalidParameterValueException", rejection.to_string()),
            operation_id: rejection.operation_id().map(str::to_owned),
        })?;
        shared.note_started(&mut execution, starts_callback);
        if let Err(error) = shared.save(&mut execution) {
            let failure = ErrorObject::new("ServiceException", format!("the checkpoint could not be kept: {error}"));
            lock(&shared.surroundings.store_error).get_or_insert(error);
            return Err(CheckpointFailure::Unavailable(failure));
        }
        let count = execution.operations().len() - 1;
        drop(execution);
        if let (Some(marker), Some(token)) = (output.next_marker.take(), &output.token) {
            output.operations = shared.whole_state(output.operations, Some(marker), token);
        }
        self.report(count, now);
        Ok(output)
    }

    /// Makes a call that a test wants to go wrong.
    async fn call_with(
        &self,
        fate: CheckpointFate,
        request: CheckpointRequest,
    ) -> Result<CheckpointOutput, CheckpointFailure> {
        let unavailable =
            |what: &str| CheckpointFailure::Unavailable(ErrorObject::new("ServiceException", injected(what)));
        if !fate.delay.is_zero() {
            let clock = &self.0.surroundings.clock;
            clock.reach(clock.now() + fate.delay).await;
        }
        if fate.fails {
            return Err(unavailable("the checkpoint was not taken"));
        }
        let output = self.call(request)?;
        if fate.is_lost { Err(unavailable("the answer to the checkpoint was lost")) } else { Ok(output) }
    }

    fn report(&self, operations: usize, now: Timestamp) {
        if let Some(observer) = &self.0.surroundings.observer {
            observer(Progress::Checkpoint { operations, now });
        }
    }
}

impl CheckpointClient for LocalClient {
    fn checkpoint<'a>(&'a mut self, request: CheckpointRequest) -> CheckpointFuture<'a> {
        let fate = lock(&self.0.surroundings.faults).next_checkpoint();
        if fate == CheckpointFate::default() {
            return Box::pin(std::future::ready(self.call(request)));
        }
        Box::pin(self.call_with(fate, request))
    }
}
