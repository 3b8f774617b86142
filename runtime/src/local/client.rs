use std::sync::{Arc, Mutex, MutexGuard};

use durabox_engine::service::Execution;
use durabox_engine::{CheckpointOutput, CheckpointRequest};
use durabox_model::{ErrorObject, Operation};

use super::{LocalError, Observer, Progress, lock};
use crate::clock::Clock;
use crate::sandbox::{CheckpointClient, CheckpointFailure, CheckpointFuture};
use crate::store::{Recorder, StoreError};

/// What the driver and the running invocation share.
pub(super) struct Shared {
    pub(super) execution: Mutex<Execution>,
    pub(super) clock: Clock,
    pub(super) recorder: Option<Recorder>,
    pub(super) observer: Option<Observer>,
    /// The first failure to keep a change; it ends the run.
    pub(super) store_error: Mutex<Option<StoreError>>,
}

impl Shared {
    pub(super) fn execution(&self) -> MutexGuard<'_, Execution> {
        lock(&self.execution)
    }

    /// Changes the execution and keeps the change.
    pub(super) fn change(&self, change: impl FnOnce(&mut Execution)) -> Result<(), LocalError> {
        let mut execution = self.execution();
        change(&mut execution);
        self.save(&mut execution)?;
        Ok(())
    }

    fn save(&self, execution: &mut Execution) -> Result<(), StoreError> {
        match &self.recorder {
            Some(recorder) => recorder.save(execution),
            None => Ok(()),
        }
    }

    pub(super) fn take_store_error(&self) -> Result<(), LocalError> {
        match lock(&self.store_error).take() {
            Some(error) => Err(error.into()),
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
}

/// Lambda's API, answered by the execution in this process.
pub(super) struct LocalClient(pub(super) Arc<Shared>);

impl LocalClient {
    fn call(&self, request: CheckpointRequest) -> Result<CheckpointOutput, CheckpointFailure> {
        let shared = &self.0;
        let now = shared.clock.now();
        let mut execution = shared.execution();
        let mut output = execution.checkpoint(request, now).map_err(|rejection| {
            CheckpointFailure::Rejected(ErrorObject::new("InvalidParameterValueException", rejection.to_string()))
        })?;
        if let Err(error) = shared.save(&mut execution) {
            let failure = ErrorObject::new("ServiceException", format!("the checkpoint could not be kept: {error}"));
            lock(&shared.store_error).get_or_insert(error);
            return Err(CheckpointFailure::Unavailable(failure));
        }
        let count = execution.operations().len() - 1;
        drop(execution);
        if let (Some(marker), Some(token)) = (output.next_marker.take(), &output.token) {
            output.operations = shared.whole_state(output.operations, Some(marker), token);
        }
        if let Some(observer) = &shared.observer {
            observer(Progress::Checkpoint { operations: count, now });
        }
        Ok(output)
    }
}

impl CheckpointClient for LocalClient {
    fn checkpoint<'a>(&'a mut self, request: CheckpointRequest) -> CheckpointFuture<'a> {
        let answer = self.call(request);
        Box::pin(std::future::ready(answer))
    }
}
