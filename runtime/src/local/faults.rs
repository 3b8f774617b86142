//! What a test breaks on purpose, and what it puts in the place of steps.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use durabox_model::ErrorObject;

use super::lock;
use crate::sandbox::{StepAction, StepCall, StepHook};

/// Something that goes wrong once in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The n-th checkpoint of the run, from 1, is not taken: nothing of it is kept, and the
    /// invocation crashes.
    FailCheckpoint(u64),
    /// The n-th checkpoint of the run is taken and its answer is lost: all of it is kept, and the
    /// invocation crashes.
    LoseAnswer(u64),
    /// The n-th checkpoint of the run takes this long.
    DelayCheckpoint(u64, Duration),
    /// The invocation crashes in this attempt, from 1, of the first step of this name, before its
    /// body has run.
    CrashInStep(String, u32),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FailCheckpoint(nth) => write!(f, "checkpoint {nth} fails"),
            Self::LoseAnswer(nth) => write!(f, "the answer to checkpoint {nth} is lost"),
            Self::DelayCheckpoint(nth, delay) => write!(f, "checkpoint {nth} takes {delay:?}"),
            Self::CrashInStep(name, attempt) => write!(f, "a crash in attempt {attempt} of step `{name}`"),
        }
    }
}

/// Answers an attempt of a step: with a result, JSON text, or an error.
pub type StepMock = Arc<dyn Fn(StepCall<'_>) -> Result<Option<String>, ErrorObject> + Send + Sync>;

/// The faults and mocks of a run, each with whether it was used.
#[derive(Default)]
pub(super) struct Faults {
    checkpoints: u64,
    faults: Vec<(Fault, bool)>,
    mocks: Vec<(String, StepMock, bool)>,
}

/// What happens to a checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CheckpointFate {
    pub(super) delay: Duration,
    /// It is not taken.
    pub(super) fails: bool,
    /// Its answer does not arrive.
    pub(super) is_lost: bool,
}

impl Faults {
    pub(super) fn new(faults: &[Fault], mocks: &[(String, StepMock)]) -> Self {
        Self {
            checkpoints: 0,
            faults: faults.iter().map(|fault| (fault.clone(), false)).collect(),
            mocks: mocks.iter().map(|(name, mock)| (name.clone(), Arc::clone(mock), false)).collect(),
        }
    }

    /// Counts a checkpoint, and says what happens to it.
    pub(super) fn next_checkpoint(&mut self) -> CheckpointFate {
        self.checkpoints += 1;
        let mut fate = CheckpointFate::default();
        for (fault, used) in &mut self.faults {
            match fault {
                Fault::FailCheckpoint(nth) if *nth == self.checkpoints => fate.fails = true,
                Fault::LoseAnswer(nth) if *nth == self.checkpoints => fate.is_lost = true,
                Fault::DelayCheckpoint(nth, delay) if *nth == self.checkpoints => fate.delay += *delay,
                _ => continue,
            }
            *used = true;
        }
        fate
    }

    fn step(&mut self, call: StepCall<'_>) -> StepAction {
        let Some(name) = call.name else { return StepAction::Run };
        let crashes = |fault: &Fault| matches!(fault, Fault::CrashInStep(step, attempt) if step == name && *attempt == call.attempt);
        if let Some((fault, used)) = self.faults.iter_mut().find(|(fault, used)| !used && crashes(fault)) {
            *used = true;
            return StepAction::Crash(ErrorObject::new("Runtime.ExitError", injected(fault)));
        }
        match self.mocks.iter_mut().find(|(mocked, ..)| mocked == name) {
            Some((_, mock, used)) => {
                *used = true;
                mock(call).map_or_else(StepAction::Fail, StepAction::Succeed)
            }
            None => StepAction::Run,
        }
    }

    /// Returns what was never met.
    pub(super) fn unused(&self) -> Vec<String> {
        let faults = self.faults.iter().filter(|(_, used)| !used).map(|(fault, _)| fault.to_string());
        let mocks = self.mocks.iter().filter(|(.., used)| !used).map(|(name, ..)| format!("the mock of step `{name}`"));
        faults.chain(mocks).collect()
    }

    /// Returns what steps ask, unless no test has anything to say about them.
    pub(super) fn hook(faults: &Arc<Mutex<Self>>) -> Option<StepHook> {
        let shared = Arc::clone(faults);
        let is_needed = {
            let faults = lock(faults);
            let crash = |(fault, _): &(Fault, bool)| matches!(fault, Fault::CrashInStep(..));
            !faults.mocks.is_empty() || faults.faults.iter().any(crash)
        };
        is_needed.then(|| StepHook::new(move |call| lock(&shared).step(call)))
    }
}

/// Returns what the error of a fault says.
pub(super) fn injected(fault: impl fmt::Display) -> String {
    format!("as the test asked for: {fault}")
}
