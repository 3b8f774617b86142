//! What a guest tells of the bodies that it ran, and of the whole invocation.

use durabox_model::{
    ContextOptions, ErrorObject, InvocationOutput, MAX_PAYLOAD_SIZE, MAX_RESPONSE_SIZE, OperationAction, OperationType,
    OperationUpdate, SUMMARY_THRESHOLD, StepOptions,
};

use super::entry::{Entry, Phase};
use super::identity::wire_id;
use super::machine::invalid;
use super::{Fault, Mode, Replay, Request, RetryDecision, operation};

impl Replay {
    /// Takes the result of a step's attempt or of a context. A context's result above 256 KiB is
    /// left to its children to rebuild, if there is a `summary` to record in its place.
    pub fn succeed(&mut self, handle: u32, payload: Option<String>, summary: Option<String>) -> Result<(), Fault> {
        let entry = self.running(handle)?;
        let size = payload.as_ref().map_or(0, String::len);
        let mut update = entry.update(OperationAction::Succeed, self.parent_id(entry));
        let summary = summary.filter(|_| entry.request.is_context() && size > SUMMARY_THRESHOLD);
        update.context_options = summary.is_some().then_some(ContextOptions { replay_children: true });
        update.payload = summary.or(payload);
        let recorded = update.payload.as_ref().map_or(0, String::len);
        if recorded > MAX_PAYLOAD_SIZE && !entry.is_unrecorded() {
            return Err(too_large(entry, "result", recorded));
        }
        self.report(handle, update);
        Ok(())
    }

    /// Takes the failure of a step's attempt or of a context. `random`, in 0..1, spreads the delay.
    pub fn fail(&mut self, handle: u32, error: ErrorObject, retry: RetryDecision, random: f64) -> Result<(), Fault> {
        let entry = self.running(handle)?;
        if error.size() > MAX_PAYLOAD_SIZE {
            return Err(too_large(entry, "error", error.size()));
        }
        let delay = match entry.request {
            Request::Step(_) => delay(entry, retry, random)?,
            _ => None,
        };
        let action = if delay.is_some() { OperationAction::Retry } else { OperationAction::Fail };
        let mut update = entry.update(action, self.parent_id(entry));
        update.error = Some(error.into());
        update.step_options = delay.map(|seconds| StepOptions { next_attempt_delay_seconds: seconds });
        self.report(handle, update);
        Ok(())
    }

    /// Takes the state of a condition that is not met, and when to poll it again.
    pub fn retry(&mut self, handle: u32, state: String, retry: RetryDecision, random: f64) -> Result<(), Fault> {
        let entry = self.running(handle)?;
        if entry.request != Request::Condition {
            return Err(Fault::Contract(format!("operation handle {handle} was retried but is no condition")));
        }
        if state.len() > MAX_PAYLOAD_SIZE {
            return Err(too_large(entry, "state", state.len()));
        }
        let Some(seconds) = delay(entry, retry, random)? else {
            return Err(Fault::Contract("a condition that is not met says when to poll again, or fails".into()));
        };
        let mut update = entry.update(OperationAction::Retry, self.parent_id(entry));
        update.payload = Some(state);
        update.step_options = Some(StepOptions { next_attempt_delay_seconds: seconds });
        self.report(handle, update);
        Ok(())
    }

    /// Takes the input of an invoke, and starts it.
    pub fn submit(&mut self, handle: u32, payload: String) -> Result<(), Fault> {
        let entry = self.running(handle)?;
        if !matches!(entry.request, Request::Invoke(_)) {
            return Err(Fault::Contract(format!("operation handle {handle} was submitted but is no invoke")));
        }
        if payload.len() > MAX_PAYLOAD_SIZE {
            return Err(too_large(entry, "input", payload.len()));
        }
        self.send_start(handle, Some(payload));
        self.entries[handle as usize].phase = Phase::Waiting;
        Ok(())
    }

    /// Returns the answer to the invocation once the handler has returned. A result too large
    /// for the answer is left to a last checkpoint, which [`Replay::poll_checkpoint`] gives.
    pub fn finish(&mut self, outcome: Result<Option<String>, ErrorObject>) -> InvocationOutput {
        let (action, answer) = match outcome {
            Ok(result) => (OperationAction::Succeed, InvocationOutput::succeeded(result)),
            Err(error) => (OperationAction::Fail, InvocationOutput::failed(Some(error))),
        };
        if answer.wire_size() <= MAX_RESPONSE_SIZE {
            return answer;
        }
        let mut update = OperationUpdate::new(wire_id("execution-result"), OperationType::Execution, action);
        update.payload = answer.result;
        update.error = answer.error.map(Into::into);
        self.outgoing.push(update);
        let result = (action == OperationAction::Succeed).then(String::new);
        InvocationOutput { status: answer.status, result, error: None }
    }

    /// Queues a report, after which the operation waits for it to be durable. What the record has
    /// already, or never will, needs no report.
    fn report(&mut self, handle: u32, update: OperationUpdate) {
        let entry = &mut self.entries[handle as usize];
        entry.inside.ended = true;
        if entry.is_unrecorded() {
            entry.phase = Phase::Reported;
            self.ready.push(handle);
            return;
        }
        entry.phase = Phase::Reporting;
        if !matches!(self.mode, Mode::Recorded { .. }) {
            self.send(handle, update);
        }
    }
}

impl Entry {
    /// Whether a report of it would tell the service nothing: a virtual context, or one whose
    /// children have rebuilt its result.
    fn is_unrecorded(&self) -> bool {
        matches!(self.request, Request::VirtualContext { .. })
            || self.record.as_ref().is_some_and(|record| record.status.is_terminal())
    }
}

/// Returns the seconds to the next attempt; `None` when there is none.
fn delay(entry: &Entry, retry: RetryDecision, random: f64) -> Result<Option<u64>, Fault> {
    let delay = match retry {
        RetryDecision::Stop => None,
        RetryDecision::After(seconds) => Some(seconds),
        RetryDecision::ByStrategy(strategy) => strategy.delay(entry.finished_attempts() + 1, random),
    };
    match delay.map(|seconds| operation::check(None, &Request::Wait { seconds })) {
        Some(Err(problem)) => Err(invalid(entry, format!("its retry delay is out of bounds: {problem}"))),
        _ => Ok(delay),
    }
}

fn too_large(entry: &Entry, what: &str, size: usize) -> Fault {
    invalid(entry, format!("its {what} takes at most {MAX_PAYLOAD_SIZE} bytes (1 MiB), got {size}"))
}
