//! Who is asked before a step's body runs: a test that puts a result in its place, or wants a crash.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use durabox_engine::replay::{Outcome, RetryDecision, State};
use durabox_model::{ErrorObject, OperationStatus, OperationType};

use super::host::Host;
use super::stop::Stop;

/// An attempt of a step whose body is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepCall<'a> {
    /// The step's name.
    pub name: Option<&'a str>,
    /// Its position, such as `2-1`.
    pub path: &'a str,
    /// From 1.
    pub attempt: u32,
}

/// What happens in the place of a step's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepAction {
    /// Nothing: the body runs.
    Run,
    /// The step ends with this result, JSON text.
    Succeed(Option<String>),
    /// The step ends with this error; its retry strategy is not asked.
    Fail(ErrorObject),
    /// The invocation crashes with this error, after the step has started.
    Crash(ErrorObject),
}

/// Asked before each attempt of a step.
#[derive(Clone)]
pub struct StepHook(Arc<dyn Fn(StepCall<'_>) -> StepAction + Send + Sync>);

impl StepHook {
    /// Returns a hook that asks `decide`.
    pub fn new(decide: impl Fn(StepCall<'_>) -> StepAction + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }
}

impl fmt::Debug for StepHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StepHook")
    }
}

/// Outcomes that stand in for those of bodies, until they are durable; by the step's handle.
pub(super) type Replaced = HashMap<u32, Outcome>;

impl Host {
    /// Returns what the guest is told of an operation, after the hook was asked.
    pub(super) fn hooked(&mut self, operation: u32, state: State) -> Result<State, Stop> {
        match state {
            State::Run { attempt, .. } if self.options.step_hook.is_some() => match self.action(operation, attempt) {
                StepAction::Run => Ok(state),
                StepAction::Succeed(payload) => {
                    self.replay.succeed(operation, payload.clone(), None)?;
                    self.replaced.insert(operation, Outcome::Succeeded(payload));
                    Ok(State::Pending)
                }
                StepAction::Fail(error) => {
                    self.replay.fail(operation, error.clone(), RetryDecision::Stop, 0.0)?;
                    let status = OperationStatus::Failed;
                    self.replaced.insert(operation, Outcome::Failed { status, error, attempts: attempt });
                    Ok(State::Pending)
                }
                StepAction::Crash(error) => Err(Stop::Unavailable(error)),
            },
            // The guest has given no outcome, so that it must be told.
            State::Acknowledged => Ok(self.replaced.remove(&operation).map_or(State::Acknowledged, State::Settled)),
            state => Ok(state),
        }
    }

    fn action(&self, operation: u32, attempt: u32) -> StepAction {
        let Some(StepHook(decide)) = &self.options.step_hook else { return StepAction::Run };
        // Handles count claims from 1.
        let claim = (operation as usize).checked_sub(1).and_then(|index| self.replay.claims().nth(index));
        match claim.filter(|claim| claim.operation_type == OperationType::Step) {
            Some(claim) => decide(StepCall { name: claim.name, path: claim.path, attempt }),
            None => StepAction::Run,
        }
    }
}
