use durabox_model::{
    EventPayload, ExecutionStatus, MAX_EXECUTION_TIMEOUT_SECONDS, MAX_PAUSE_REASON_LENGTH, Timestamp, details,
};
use serde::{Deserialize, Serialize};

use super::Execution;

/// Why an execution was not paused or resumed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PauseError {
    /// `ResourceConflictException`.
    #[error("Cannot {wanted} a durable execution with status {}.", status.as_str())]
    Conflict {
        /// `pause` or `resume`.
        wanted: &'static str,
        /// Where the execution stands.
        status: ExecutionStatus,
    },
    /// `InvalidParameterValueException`.
    #[error("Reason must be at most {MAX_PAUSE_REASON_LENGTH} characters, got {0}")]
    ReasonTooLong(usize),
}

/// A pause that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it was asked for.
    pub requested: Timestamp,
    /// Why.
    pub reason: Option<String>,
    /// Whether the execution timeout stands still too.
    pub execution_timeout_paused: bool,
    /// When it took effect, and when the execution would have timed out without it.
    effect: Option<(Timestamp, Timestamp)>,
}

impl Execution {
    /// Returns the pause, while PAUSING or PAUSED.
    pub const fn pause_details(&self) -> Option<&Pause> {
        self.pause.as_ref()
    }

    /// Pauses the execution: at once, or at the next checkpoint or the end of the running invocation.
    /// While paused the function is not invoked; timers, callbacks and chained invokes go on.
    pub fn pause(
        &mut self,
        reason: Option<String>,
        execution_timeout_paused: bool,
        now: Timestamp,
    ) -> Result<(), PauseError> {
        check_reason(reason.as_deref())?;
        self.fire_before(now);
        if self.status != ExecutionStatus::Running {
            return Err(PauseError::Conflict { wanted: "pause", status: self.status });
        }
        self.status = ExecutionStatus::Pausing;
        self.pause = Some(Pause { requested: now, reason, execution_timeout_paused, effect: None });
        if self.invocation.is_none() {
            self.take_pause(now);
        }
        Ok(())
    }

    /// Resumes the execution, or takes back a pause that has not taken effect. The function is invoked
    /// if the pause cut an invocation short or something happened meanwhile.
    pub fn resume(&mut self, reason: Option<String>, now: Timestamp) -> Result<(), PauseError> {
        check_reason(reason.as_deref())?;
        self.fire_before(now);
        let Some(pause) = self.pause.take() else {
            return Err(PauseError::Conflict { wanted: "resume", status: self.status });
        };
        self.status = ExecutionStatus::Running;
        let Some((since, deadline)) = pause.effect else { return Ok(()) };
        if pause.execution_timeout_paused {
            self.deadline = (deadline + now.since(since)).min(self.latest_deadline());
            self.timers.arm(self.deadline, 0);
        }
        let reason = reason.map(|reason| EventPayload::new(Some(reason)));
        self.record_execution(details::ExecutionResumed { resume_request_timestamp: now, reason }, now);
        Ok(())
    }

    /// Lets a pause take effect at a checkpoint. Its answer has no token, which tells the SDK that the
    /// invocation is over; a resume invokes the function again.
    pub(super) fn pause_at_checkpoint(&mut self, now: Timestamp) {
        self.take_pause(now);
        self.wake = true;
        if let Some(invocation) = &mut self.invocation {
            invocation.is_revoked = true;
        }
    }

    /// Lets the pause take effect.
    pub(super) fn take_pause(&mut self, now: Timestamp) {
        let (deadline, latest) = (self.deadline, self.latest_deadline());
        let Some(pause) = &mut self.pause else { return };
        pause.effect = Some((now, deadline));
        let paused = details::ExecutionPaused {
            pause_request_timestamp: pause.requested,
            reason: pause.reason.clone().map(|reason| EventPayload::new(Some(reason))),
            execution_timeout_paused: Some(pause.execution_timeout_paused),
        };
        if pause.execution_timeout_paused {
            self.deadline = latest;
            self.timers.arm(latest, 0);
        }
        self.status = ExecutionStatus::Paused;
        self.record_execution(paused, now);
    }

    /// No pause puts the timeout off any longer: 366 days after the start.
    fn latest_deadline(&self) -> Timestamp {
        self.start_timestamp().plus_seconds(MAX_EXECUTION_TIMEOUT_SECONDS)
    }
}

fn check_reason(reason: Option<&str>) -> Result<(), PauseError> {
    match reason.map_or(0, |reason| reason.chars().count()) {
        0..=MAX_PAUSE_REASON_LENGTH => Ok(()),
        length => Err(PauseError::ReasonTooLong(length)),
    }
}
