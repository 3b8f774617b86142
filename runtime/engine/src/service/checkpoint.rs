use std::collections::HashMap;
use std::sync::Arc;

use durabox_model::{
    CallbackDetails, ExecutionStatus, MAX_CHECKPOINT_UPDATES, MAX_ID_LENGTH, MAX_NAME_LENGTH, MAX_PAYLOAD_SIZE,
    MAX_SUB_TYPE_LENGTH, Operation, OperationAction, OperationStatus, OperationType, OperationUpdate, SmolStr,
    Timestamp,
};
use foldhash::fast::RandomState;

use super::callback::callback_id;
use super::execution::AnsweredCheckpoint;
use super::{CheckpointError, Execution, Metering, operation};
use crate::{CheckpointOutput, CheckpointRequest};

impl Execution {
    /// Applies a checkpoint as one unit: either all of its updates or none. Timers due at `now`
    /// fire first, so an empty checkpoint sees them.
    pub fn checkpoint(
        &mut self,
        request: CheckpointRequest,
        now: Timestamp,
    ) -> Result<CheckpointOutput, CheckpointError> {
        self.checkpoint_once(request, None, now)
    }

    /// Like [`Execution::checkpoint`]; a repetition with the same `client_token` and checkpoint
    /// token answers as the first time did.
    pub fn checkpoint_once(
        &mut self,
        request: CheckpointRequest,
        client_token: Option<String>,
        now: Timestamp,
    ) -> Result<CheckpointOutput, CheckpointError> {
        if let (Some(last), Some(client_token)) = (&self.last_checkpoint, &client_token)
            && last.client_token == *client_token
            && last.inbound_token == request.token
        {
            return Ok(last.output.clone());
        }
        if self.status.is_terminal() || self.invocation.is_none() || request.token != self.tokens.current() {
            return Err(CheckpointError::InvalidToken);
        }
        self.handle_timeout(now);
        if self.status.is_terminal() {
            return Err(CheckpointError::InvalidToken);
        }
        self.metering = self.validate(&request.updates)?;
        for update in request.updates {
            self.apply(update, now);
        }

        self.tokens.advance();
        let output = self.answer_checkpoint(now);
        if let Some(client_token) = client_token {
            let inbound_token = request.token;
            self.last_checkpoint = Some(AnsweredCheckpoint { client_token, inbound_token, output: output.clone() });
        }
        Ok(output)
    }

    /// Answers with the next token and what the function has not seen; a pause or the end of the
    /// execution withholds the token.
    fn answer_checkpoint(&mut self, now: Timestamp) -> CheckpointOutput {
        if self.status == ExecutionStatus::Pausing {
            self.pause_at_checkpoint(now);
            return CheckpointOutput::default();
        }
        let token = (!self.status.is_terminal()).then(|| self.tokens.current().to_owned());
        self.delta(token)
    }

    /// Checks a whole batch in Lambda's order without changing anything. Returns what the execution is
    /// metered for with its operations; the execution's own end is metered when it settles.
    fn validate(&self, updates: &[OperationUpdate]) -> Result<Metering, CheckpointError> {
        if updates.len() > MAX_CHECKPOINT_UPDATES {
            return Err(CheckpointError::TooManyUpdates(updates.len()));
        }
        let execution_updates = updates.iter().filter(|update| update.operation_type == OperationType::Execution);
        match execution_updates.count() {
            0 => {}
            1 if updates.last().is_some_and(|last| last.operation_type == OperationType::Execution) => {}
            1 => return Err(CheckpointError::ExecutionUpdateNotLast),
            _ => return Err(CheckpointError::MultipleExecutionUpdates),
        }

        self.check_size(updates)?;

        let mut batch = Batch::with_capacity_and_hasher(updates.len(), RandomState::default());
        let mut metering = self.metering;
        for update in updates {
            check_shape(update)?;
            if update.operation_type == OperationType::Execution {
                check_execution(update, self.config.max_result_bytes)?;
                self.check_limits(metering, update, false)?;
                continue;
            }
            let earlier = batch.get(update.id.as_str());
            if earlier.is_some_and(|earlier| !earlier.may_be_followed_by(update)) {
                return Err(CheckpointError::DuplicateId);
            }
            let stored = self.index.get(&update.id).map(|index| &*self.operations[*index]);
            self.check_parent(update, &batch)?;
            check_identity(update, stored, earlier)?;
            let current = earlier.map(|earlier| earlier.status).or(stored.map(|operation| operation.status));
            let status = operation::next(current, update)?;
            metering = self.check_limits(metering, update, current.is_none())?;
            batch.insert(&update.id, Earlier { update, status });
        }
        Ok(metering)
    }

    fn check_parent(&self, update: &OperationUpdate, batch: &Batch<'_>) -> Result<(), CheckpointError> {
        let Some(parent) = update.parent_id.as_deref() else { return Ok(()) };
        let is_context = match batch.get(parent) {
            Some(earlier) => earlier.update.operation_type == OperationType::Context,
            None => self
                .index
                .get(parent)
                .is_some_and(|index| self.operations[*index].operation_type == OperationType::Context),
        };
        if is_context { Ok(()) } else { Err(CheckpointError::InvalidParent) }
    }

    fn apply(&mut self, update: OperationUpdate, now: Timestamp) {
        if update.operation_type == OperationType::Execution {
            let (status, result, error) = match update.action {
                OperationAction::Succeed => (ExecutionStatus::Succeeded, update.payload, None),
                _ => (ExecutionStatus::Failed, None, Some(update.error.map(|error| *error).unwrap_or_default())),
            };
            self.settle(status, result, error, now);
            return;
        }
        let index = match self.index.get(&update.id) {
            Some(index) => *index,
            None => self.insert(&update, now),
        };
        let applied = self.change(index, |operation| operation::apply(operation, update, now));
        if let Some(due) = applied.timer {
            self.timers.arm(due, index);
        }
        if let Some(open) = applied.callback {
            self.keep_open_callback(index, open);
        }
        if let Some(chained_invoke) = applied.chained_invoke {
            self.invoke_events.insert(index, self.events.len());
            self.chained_invokes.push(chained_invoke);
        }
        if let Some(event) = applied.event {
            self.record(index, event, now);
        }
        self.mark_changed(index);
    }

    fn insert(&mut self, update: &OperationUpdate, now: Timestamp) -> usize {
        let mut operation = Operation::started(update.id.clone(), update.operation_type, now);
        operation.parent_id.clone_from(&update.parent_id);
        operation.name.clone_from(&update.name);
        operation.sub_type.clone_from(&update.sub_type);
        if update.operation_type == OperationType::Callback {
            let callback_id = Some(callback_id(&self.arn, &update.id));
            operation.callback_details = Some(CallbackDetails { callback_id, ..CallbackDetails::default() }.into());
        }
        self.pending += usize::from(operation::is_pending(&operation));
        let index = self.operations.len();
        self.index.insert(update.id.clone(), index);
        self.operations.push(Arc::new(operation));
        index
    }
}

/// What a batch has done so far, by id.
type Batch<'a> = HashMap<&'a str, Earlier<'a>, RandomState>;

/// An update of the same batch, and the status it leads to.
struct Earlier<'a> {
    update: &'a OperationUpdate,
    status: OperationStatus,
}

impl Earlier<'_> {
    /// Only a START of a step or a context may be followed by another update, once.
    fn may_be_followed_by(&self, update: &OperationUpdate) -> bool {
        self.update.action == OperationAction::Start
            && update.action != OperationAction::Start
            && matches!(self.update.operation_type, OperationType::Step | OperationType::Context)
    }
}

/// Checks that an update agrees with what is known of its operation; a member left out agrees.
fn check_identity(
    update: &OperationUpdate,
    stored: Option<&Operation>,
    earlier: Option<&Earlier<'_>>,
) -> Result<(), CheckpointError> {
    let (operation_type, sub_type, name, parent) = match (stored, earlier) {
        (Some(stored), _) => (stored.operation_type, &stored.sub_type, &stored.name, &stored.parent_id),
        (None, Some(Earlier { update, .. })) => {
            (update.operation_type, &update.sub_type, &update.name, &update.parent_id)
        }
        (None, None) => return Ok(()),
    };
    let differs = |given: &Option<SmolStr>, known: &Option<SmolStr>| given.is_some() && given != known;
    if update.operation_type != operation_type {
        Err(CheckpointError::InconsistentType)
    } else if differs(&update.sub_type, sub_type) {
        Err(CheckpointError::InconsistentSubType)
    } else if differs(&update.name, name) {
        Err(CheckpointError::InconsistentName)
    } else if differs(&update.parent_id, parent) {
        Err(CheckpointError::InconsistentParent)
    } else {
        Ok(())
    }
}

/// Checks what the API model says of an update's members.
fn check_shape(update: &OperationUpdate) -> Result<(), CheckpointError> {
    let is_word = |text: &str, max: usize| {
        (1..=max).contains(&text.len()) && every(text, |b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if !is_word(&update.id, MAX_ID_LENGTH) {
        return Err(CheckpointError::InvalidId(update.id.to_string()));
    }
    if let Some(sub_type) = update.sub_type.as_ref().filter(|text| !is_word(text, MAX_SUB_TYPE_LENGTH)) {
        return Err(CheckpointError::InvalidSubType(sub_type.to_string()));
    }
    let is_name =
        |text: &str| (1..=MAX_NAME_LENGTH).contains(&text.len()) && every(text, |b| (0x20..0x7f).contains(&b));
    if let Some(name) = update.name.as_ref().filter(|name| !is_name(name)) {
        return Err(CheckpointError::InvalidName(name.to_string()));
    }
    let error_size = update.error.as_ref().map_or(0, |error| error.size());
    if error_size > MAX_PAYLOAD_SIZE {
        return Err(CheckpointError::ErrorTooLarge(error_size));
    }
    // The result of an execution has a limit of its own.
    match update.payload.as_ref().map_or(0, String::len) {
        size if size > MAX_PAYLOAD_SIZE && update.operation_type != OperationType::Execution => {
            Err(CheckpointError::PayloadTooLarge(update.operation_type.as_str(), size))
        }
        _ => Ok(()),
    }
}

/// Whether all bytes of a short text are such. It looks at each, which the compiler turns into many at once.
fn every(text: &str, is_such: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(true, |all, byte| all & is_such(byte))
}

fn check_execution(update: &OperationUpdate, limit: usize) -> Result<(), CheckpointError> {
    let size = update.payload.as_ref().map_or(0, String::len);
    match update.action {
        OperationAction::Succeed if update.error.is_some() => Err(CheckpointError::ErrorOnSucceed),
        OperationAction::Succeed if size > limit => Err(CheckpointError::ResultTooLarge { size, limit }),
        OperationAction::Fail if update.payload.is_some() => Err(CheckpointError::PayloadOnFail),
        OperationAction::Succeed | OperationAction::Fail => Ok(()),
        _ => Err(CheckpointError::InvalidAction),
    }
}
